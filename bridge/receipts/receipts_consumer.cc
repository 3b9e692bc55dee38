#include "bridge/receipts/receipts_consumer.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "bridge/receipts/readers.h"
#include "bridge/service/limits.h"
#include "core/domain/permissions.h"
#include "parley/v1/message.pb.h"
#include "schemas/json.h"
#include "schemas/limits.h"
#include "schemas/topic.h"

namespace parley::bridge {
namespace {

std::string TopicOf(const std::string& room, Encoding encoding) {
  std::string topic(kRoot);
  topic.append("rooms/").append(room).append("/receipts/").append(LevelName(encoding));
  return topic;
}

void Publish(const v1::Receipt& receipt, FeedEffects& effects) {
  const std::string key = receipt.room() + '/' + receipt.user();
  effects.Publish({TopicOf(receipt.room(), Encoding::kPb), receipt.SerializeAsString(), 0}, key + "/pb");
  effects.Publish({TopicOf(receipt.room(), Encoding::kJson), ToJson(receipt), 0}, key + "/json");
}

// The present members, as far as `members_max` + 1.
Result<uint32_t> CountMembers(const store::StoreView& view, Rid rid, uint32_t members_max) {
  uint32_t count = 0;
  Uid done{};
  while (true) {
    const auto members = view.MembersOf(rid, done, limits::kMembershipsPerRead);
    if (!members) return members.error();
    for (const store::MemberOfRoom& member : *members) {
      done = member.uid;
      if (domain::IsReader(member.record.role()) && ++count > members_max) return count;
    }
    if (members->size() < limits::kMembershipsPerRead) return count;
  }
}

// The room's name stands with its members only; "" when there is none (any more).
Result<std::string> NameOf(const store::StoreView& view, Rid rid) {
  const auto members = view.MembersOf(rid, {}, 1);
  if (!members) return members.error();
  return members->empty() ? std::string() : members->front().record.room();
}

// How many have read the newest message; nullopt when there is nobody to tell, or nothing to tell of.
Result<std::optional<v1::Receipt>> CountsOf(const store::StoreView& view, Rid rid, FeedTime now) {
  const Result<std::string> room = NameOf(view, rid);
  if (!room) return room.error();
  const Result<Seq> head = view.Head(rid);
  if (!head) return head.error();
  const Result<Seq> message = FindNewestMessage(view, rid, *head);
  if (!message) return message.error();
  if (room->empty() || message->value == 0) return std::optional<v1::Receipt>();
  const Result<ReaderCounts> counts = CountReaders(view, rid, *message);
  if (!counts) return counts.error();
  v1::Receipt receipt;
  receipt.set_room(*room);
  receipt.set_counts_only(true);
  receipt.set_seq(message->value);
  receipt.set_read_by(counts->read_by);
  receipt.set_delivered_to(counts->delivered_to);
  receipt.set_members(counts->members);
  receipt.set_ts_ms(static_cast<uint64_t>(now.wall_ms));
  return std::optional(std::move(receipt));
}

}  // namespace

Result<bool> ReceiptsConsumer::IsBig(Rid rid, const FeedContext& context) {
  const int64_t now_ms = context.now.steady_ms;
  if (const auto known = sizes_.find(rid);
      known != sizes_.end() && now_ms - known->second.looked_ms < limits::kReceiptSizeKnownMs) {
    return known->second.big;
  }
  const Result<uint32_t> members = CountMembers(context.view, rid, parley::limits::kReceiptMembersMax);
  if (!members) return members.error();
  if (sizes_.size() >= limits::kReceiptRoomsMax) sizes_.clear();
  sizes_[rid] = {IsBigRoom(*members), now_ms};
  return IsBigRoom(*members);
}

Handled ReceiptsConsumer::Handle(const store::FeedEntry& entry, const FeedContext& context,
                                 FeedEffects& effects) {
  for (const store::FeedItem& item : entry.items) {
    if (item.kind != store::FeedItem::Kind::kCursor) continue;
    const Rid rid{item.first};
    const auto member = context.view.Member(rid, Uid{item.second});
    if (!member) return Handled::TryAgain(member.error().reason);
    // Gone since then, or begun anew: nothing to tell.
    if (!*member || !domain::IsReader((*member)->role()) || (*member)->delivered() == 0) continue;
    const Result<bool> big = IsBig(rid, context);
    if (!big) return Handled::TryAgain(big.error().reason);
    if (*big) {
      const auto told = not_before_ms_.find(rid);
      const int64_t due_ms = told == not_before_ms_.end() ? context.now.steady_ms : told->second;
      if (due_ms_.size() < limits::kReceiptRoomsMax) due_ms_.emplace(rid, due_ms);
      continue;
    }
    v1::Receipt receipt;
    receipt.set_room((*member)->room());
    receipt.set_user((*member)->user());
    receipt.set_read((*member)->read());
    receipt.set_delivered((*member)->delivered());
    receipt.set_ts_ms((*member)->moved_ms());
    Publish(receipt, effects);
  }
  return Handled::Done();
}

std::optional<int64_t> ReceiptsConsumer::due_ms() const {
  std::optional<int64_t> first;
  for (const auto& [rid, due_ms] : due_ms_) first = std::min(due_ms, first.value_or(due_ms));
  return first;
}

Handled ReceiptsConsumer::OnDue(const FeedContext& context, FeedEffects& effects) {
  // One room at a time: counting walks all of its members, and holds the view meanwhile.
  const auto due = std::min_element(due_ms_.begin(), due_ms_.end(),
                                    [](const auto& a, const auto& b) { return a.second < b.second; });
  if (due == due_ms_.end()) return Handled::Done();
  const Rid rid = due->first;
  const auto began = std::chrono::steady_clock::now();
  const Result<std::optional<v1::Receipt>> receipt = CountsOf(context.view, rid, context.now);
  if (!receipt) {
    due->second = context.now.steady_ms + limits::kReceiptCountsMs;
    return Handled::TryAgain(receipt.error().reason);
  }
  const int64_t took_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
  due_ms_.erase(due);
  if (not_before_ms_.size() >= limits::kReceiptRoomsMax) not_before_ms_.clear();
  not_before_ms_[rid] =
      context.now.steady_ms + std::max(limits::kReceiptCountsMs, took_ms * limits::kReceiptCountsRest);
  if (*receipt) Publish(**receipt, effects);
  return Handled::Done();
}

}  // namespace parley::bridge
