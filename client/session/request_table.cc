#include "client/session/request_table.h"

#include <algorithm>
#include <utility>

#include "schemas/draft.h"
#include "schemas/limits.h"
#include "schemas/topic.h"

namespace parley::client {

Status RequestTable::Add(const std::string& request_id, const std::string& method, std::string payload,
                         int64_t now_ms, int64_t patience_ms, Repeat repeat) {
  if (requests_.size() >= limits::kRequestsMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "too many requests wait for a reply"};
  }
  if (payload.size() > parley::limits::kRequestBytesMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "a request is at most 64 KiB"};
  }
  Pending pending;
  pending.publish = {RequestTopicOf(method, Encoding::kJson), std::move(payload), 1};
  pending.repeat = repeat;
  if (patience_ms > 0) pending.give_up_ms = now_ms + patience_ms;
  requests_.insert_or_assign(request_id, std::move(pending));
  return {};
}

void RequestTable::SetReady(bool ready) {
  ready_ = ready;
  for (auto& [id, pending] : requests_) {
    const bool once = pending.repeat == Repeat::kNo && pending.sent;
    if (!ready && once) pending.lost = true;
    if (ready && !once) pending.due = true;
  }
}

void RequestTable::OnReply(std::string payload, Effects& effects) {
  const auto found = requests_.find(BestKnownRequestId(Encoding::kJson, payload));
  if (found == requests_.end()) return;
  effects.push_back(RequestDone{found->first, std::move(payload)});
  requests_.erase(found);
}

void RequestTable::Pump(int64_t now_ms, Effects& effects) {
  for (auto it = requests_.begin(); it != requests_.end();) {
    Pending& pending = it->second;
    if (pending.lost) {
      const char* reason = "the connection was lost; the request may or may not have been carried out";
      effects.push_back(RequestDone{it->first, Error{Code::UNAVAILABLE, reason}});
      it = requests_.erase(it);
      continue;
    }
    if (pending.give_up_ms > 0 && now_ms >= pending.give_up_ms) {
      effects.push_back(RequestDone{it->first, Error{Code::UNAVAILABLE, "no reply in time"}});
      it = requests_.erase(it);
      continue;
    }
    const bool late = pending.repeat == Repeat::kYes && now_ms >= pending.again_ms;
    if (ready_ && (pending.due || late)) {
      if (pending.again_ms > 0) pending.wait_ms = std::min(pending.wait_ms * 2, limits::kAnswerWaitLastMs);
      pending.due = false;
      pending.sent = true;
      pending.again_ms = now_ms + pending.wait_ms;
      effects.push_back(pending.publish);
    }
    ++it;
  }
}

}  // namespace parley::client
