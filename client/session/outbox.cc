#include "client/session/outbox.h"

#include <algorithm>
#include <utility>

#include "schemas/draft.h"
#include "schemas/json.h"
#include "schemas/limits.h"
#include "schemas/names.h"
#include "schemas/topic.h"

namespace parley::client {

Status Outbox::Add(const std::string& room, const v1::Draft& draft, int qos) {
  if (Result<RoomId> name = ParseRoomId(room); !name) return std::move(name).error();
  v1::Draft checked = draft;
  if (Status status = CheckDraft(std::string_view(draft.id()), checked); !status) return status;
  std::string payload = ToJson(checked);
  if (payload.size() > parley::limits::kDraftBytesMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "a message is at most 64 KiB, as JSON"};
  }
  if (drafts_.size() >= limits::kDraftsMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "too many messages wait to be sent"};
  }
  if (!known_.emplace(room, draft.id()).second) {
    return Error{Code::ALREADY_EXISTS, "a message with this id is being sent"};
  }
  Pending pending;
  pending.room = room;
  pending.id = draft.id();
  pending.publish = {SendTopicOf(room, Encoding::kJson, draft.id()), std::move(payload), qos};
  drafts_.push_back(std::move(pending));
  return {};
}

void Outbox::SetReady(bool ready) {
  ready_ = ready;
  if (!ready) return;
  for (Pending& pending : drafts_) {
    // What was live only may have been delivered: never twice.
    if (pending.in_flight && pending.publish.qos > 0) pending.due = true;
  }
}

void Outbox::OnAck(const v1::Ack& ack, int64_t now_ms, Effects& effects) {
  const auto found = std::find_if(drafts_.begin(), drafts_.end(), [&](const Pending& pending) {
    return pending.in_flight && pending.id == ack.id() && pending.room == ack.room();
  });
  if (found == drafts_.end()) return;  // a second ack of a draft that was published twice
  if (ack.code() == Code::UNAVAILABLE && found->publish.qos > 0) {
    found->again_ms = now_ms + found->wait_ms;  // a refusal for now: sent again when its wait is over
    return;
  }
  Finish(static_cast<size_t>(found - drafts_.begin()), ack, effects);
}

void Outbox::Pump(int64_t now_ms, Effects& effects) {
  size_t count = std::min(window_, drafts_.size());
  for (size_t i = 0; i < count;) {
    if (!TooLate(drafts_[i], now_ms)) {
      ++i;
      continue;
    }
    const char* reason = drafts_[i].publish.qos == 0
                             ? "no ack; a QoS 0 message is not sent again"
                             : "no ack in time: stored or not, the same id sends it again safely";
    Finish(i, Error{Code::UNAVAILABLE, reason}, effects);
    --count;
  }
  count = std::min(window_, drafts_.size());
  for (size_t i = 0; i < count; ++i) {
    Pending& pending = drafts_[i];
    if (pending.give_up_ms == 0 && patience_ms_ > 0) pending.give_up_ms = now_ms + patience_ms_;
    const bool late = pending.in_flight && pending.publish.qos > 0 && now_ms >= pending.again_ms;
    if (ready_ && (!pending.in_flight || pending.due || late)) Publish(pending, now_ms, effects);
  }
}

void Outbox::Publish(Pending& pending, int64_t now_ms, Effects& effects) {
  if (pending.in_flight) pending.wait_ms = std::min(pending.wait_ms * 2, limits::kAnswerWaitLastMs);
  pending.in_flight = true;
  pending.due = false;
  pending.again_ms = now_ms + pending.wait_ms;
  if (pending.publish.qos == 0) pending.give_up_ms = now_ms + limits::kLiveAckWaitMs;
  effects.push_back(pending.publish);
}

void Outbox::Finish(size_t index, Result<v1::Ack> outcome, Effects& effects) {
  const auto pending = drafts_.begin() + static_cast<std::ptrdiff_t>(index);
  known_.erase({pending->room, pending->id});
  effects.push_back(SendDone{std::move(pending->room), std::move(pending->id), std::move(outcome)});
  drafts_.erase(pending);
}

bool Outbox::TooLate(const Pending& pending, int64_t now_ms) const {
  return pending.give_up_ms > 0 && now_ms >= pending.give_up_ms;
}

}  // namespace parley::client
