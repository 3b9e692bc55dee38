#include "bridge/service/parked_replies.h"

#include <utility>

#include "bridge/service/limits.h"

namespace parley::bridge {

std::vector<Outgoing> ParkedReplies::Heard(LogIndex committed) {
  std::vector<Outgoing> released;
  if (committed <= committed_) return released;
  committed_ = committed;
  std::deque<Parked> kept;
  for (Parked& parked : parked_) {
    if (parked.reply.seen > committed_) {
      kept.push_back(std::move(parked));
      continue;
    }
    bytes_ -= parked.reply.payload.size();
    released.push_back({parked.reply.number, std::move(parked.reply.payload)});
  }
  parked_ = std::move(kept);
  return released;
}

std::vector<Outgoing> ParkedReplies::Admit(OutgoingReply reply, int64_t now_ms) {
  std::vector<Outgoing> out;
  if (reply.seen <= committed_) {
    out.push_back({reply.number, std::move(reply.payload)});
    return out;
  }
  const bool full = parked_.size() >= limits::kRepliesParkedMax ||
                    bytes_ + reply.payload.size() > limits::kReplyBytesParkedMax;
  if (full) {
    out.push_back({reply.number, std::move(reply.refusal)});
    return out;
  }
  bytes_ += reply.payload.size();
  parked_.push_back({std::move(reply), now_ms + limits::kReplyParkedMs});
  return out;
}

std::vector<Outgoing> ParkedReplies::Expire(int64_t now_ms) {
  std::vector<Outgoing> expired;
  while (!parked_.empty() && parked_.front().expires_ms <= now_ms) {
    OutgoingReply& reply = parked_.front().reply;
    bytes_ -= reply.payload.size();
    expired.push_back({reply.number, std::move(reply.refusal)});
    parked_.pop_front();
  }
  return expired;
}

}  // namespace parley::bridge
