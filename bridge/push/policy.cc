#include "bridge/push/policy.h"

#include <algorithm>

namespace parley::bridge {
namespace {

// Who has just gone may be back at once; less is not worth a look.
constexpr int64_t kLeavingMsMin = 100;

PushDecision Suppress(v1::Push::Reason reason) {
  return {.kind = PushDecision::Kind::kSuppress, .reason = reason};
}

bool Wanted(const PushFacts& facts) {
  if (facts.level == v1::Push::NONE) return false;
  return facts.level != v1::Push::MENTIONS || facts.direct || facts.mention;
}

}  // namespace

PushDecision DecidePush(const PushFacts& facts) {
  if (!facts.visible) return Suppress(v1::Push::NOT_VISIBLE);
  if (facts.deleted) return Suppress(v1::Push::DELETED);
  if (facts.now_ms >= facts.expires_ms) return Suppress(v1::Push::EXPIRED);
  if (facts.read) return Suppress(v1::Push::READ);
  if (!facts.registered) return Suppress(v1::Push::UNREGISTERED);
  if (!facts.configured) return Suppress(v1::Push::NOT_CONFIGURED);
  if (facts.muted_until_ms > static_cast<uint64_t>(std::max<int64_t>(facts.now_ms, 0))) {
    return Suppress(v1::Push::MUTED);
  }
  if (!Wanted(facts)) return Suppress(v1::Push::LEVEL);
  if (facts.received) return Suppress(v1::Push::ONLINE);
  if (!facts.user.away) {
    switch (facts.user.at) {
      case Whereabouts::At::kUnknown:
        return {.kind = PushDecision::Kind::kWait};
      case Whereabouts::At::kConnected:
        return Suppress(v1::Push::ONLINE);
      case Whereabouts::At::kLeaving:
        return {.kind = PushDecision::Kind::kDefer,
                .not_before_ms = facts.now_ms + std::max(facts.user.leaving_ms, kLeavingMsMin)};
      case Whereabouts::At::kGone:
        break;
    }
  }
  if (facts.user.do_not_disturb) return Suppress(v1::Push::DO_NOT_DISTURB);
  if (facts.quiet_until_ms && !facts.call) {
    return {.kind = PushDecision::Kind::kDefer,
            .reason = v1::Push::QUIET_HOURS,
            .not_before_ms = *facts.quiet_until_ms};
  }
  return {};
}

}  // namespace parley::bridge
