#include "core/store/unread.h"

#include <algorithm>

#include "core/domain/permissions.h"
#include "schemas/limits.h"

namespace parley::store {
namespace {

uint64_t Minus(uint64_t from, uint64_t what) {
  return from > what ? from - what : 0;
}

// Countable events that lie behind the member: read, or older than what they may see.
Result<uint64_t> OrdinalBehind(const StoreView& view, Rid rid, const domain::MemberRecord& member) {
  const bool stamped = member.read_ordinal() != 0 || member.read() >= member.visible_from();
  if (stamped || member.visible_from() <= 1) return member.read_ordinal();
  // A membership of before there were cursors.
  const Result<std::optional<StoredEvent>> event = view.EventAt(rid, Seq{member.visible_from() - 1});
  if (!event) return event.error();
  return *event ? (*event)->ordinal : uint64_t{0};
}

}  // namespace

Result<Unread> UnreadOf(const StoreView& view, Rid rid, Uid uid, const domain::MemberRecord& member) {
  const Result<RoomEnd> end = view.End(rid);
  if (!end) return end.error();
  return UnreadOf(view, rid, uid, member, *end);
}

Result<Unread> UnreadOf(const StoreView& view, Rid rid, Uid uid, const domain::MemberRecord& member,
                        const RoomEnd& end) {
  Unread result;
  const Seq behind{std::max(member.read(), Minus(member.visible_from(), 1))};
  if (!domain::IsReader(member.role()) || behind >= end.head) return result;
  const Result<uint64_t> ordinal = OrdinalBehind(view, rid, member);
  if (!ordinal) return ordinal.error();
  const Result<uint64_t> sent = view.Sent(rid, uid);
  if (!sent) return sent.error();
  result.unread = Minus(Minus(end.ordinal, *ordinal), Minus(*sent, member.read_own_ordinal()));
  const Result<uint64_t> mentions = view.Mentions(rid, uid, behind, limits::kMentionsCountedMax);
  if (!mentions) return mentions.error();
  result.mentions = *mentions;
  return result;
}

}  // namespace parley::store
