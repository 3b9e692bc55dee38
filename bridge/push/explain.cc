#include "bridge/push/explain.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "bridge/push/facts.h"
#include "bridge/push/limits.h"
#include "bridge/push/push_rows.h"
#include "bridge/service/limits.h"
#include "bridge/service/visible_room.h"
#include "core/domain/permissions.h"

namespace parley::bridge {
namespace {

// The earlier one of two times, of which 0 is not known.
uint64_t Earlier(uint64_t one, uint64_t other) {
  return one == 0 || other == 0 ? std::max(one, other) : std::min(one, other);
}

// Collects what is known of one message.
class Explanation {
 public:
  Explanation(Rid rid, Seq seq, const store::StoreView& view, const ExplainParts& parts)
      : rid_(rid), seq_(seq), view_(view), parts_(parts) {}

  // Sets all that the event itself says. False: its content is gone.
  Result<bool> AddEvent() {
    reply.set_seq(seq_.value);
    const auto stored = view_.EventAt(rid_, seq_);
    if (!stored) return stored.error();
    const auto deleted = parts_.outbox.Get(DeletedKey(rid_, seq_));
    if (!deleted) return deleted.error();
    reply.set_deleted(!*stored || deleted->has_value());
    reply.set_durability(v1::Ack::FSYNCED);
    if (!*stored) return false;
    const Result<v1::Event> event = ParseEvent(**stored);
    if (!event) return event.error();
    reply.set_feed(event->feed());
    reply.set_sender(event->sender());
    reply.set_client(event->client());
    reply.set_id(event->id());
    reply.set_gate_ms(event->ts_ms());
    const auto times = parts_.timeline.Find(parts_.outbox, LogIndex{event->feed()});
    if (!times) return times.error();
    if (*times) {
      reply.set_committed_ms((*times)->committed_ms);
      reply.set_delivered_ms((*times)->delivered_ms);
    }
    return true;
  }

  // Counts who may see it, has received and read it.
  Status AddMembers() {
    Uid after{};
    while (true) {
      const auto members = view_.MembersOf(rid_, after, limits::kMembershipsPerRead);
      if (!members) return members.error();
      for (const store::MemberOfRoom& member : *members) {
        after = member.uid;
        const domain::MemberRecord& record = member.record;
        if (!domain::IsReader(record.role()) || record.visible_from() > seq_.value) continue;
        if (record.user() == reply.sender()) continue;
        reply.set_members(reply.members() + 1);
        if (record.read() >= seq_.value) {
          reply.set_read_by(reply.read_by() + 1);
          // When the cursor moved last: not earlier than it passed the message.
          moved_ms_ = Earlier(moved_ms_, record.moved_ms());
        }
        if (std::max(record.read(), record.delivered()) >= seq_.value)
          reply.set_delivered_to(reply.delivered_to() + 1);
      }
      if (members->size() < limits::kMembershipsPerRead) return {};
    }
  }

  // Adds the devices of the ledger: all, or those of one user.
  Status AddDevices(std::optional<Uid> only) {
    std::string after;
    uint64_t ledger_read_ms = 0;
    while (true) {
      const auto rows = parts_.outbox.Scan(LedgerKey(rid_, seq_), after, limits::kPushRowsPerSweep);
      if (!rows) return rows.error();
      for (const PushOutbox::Row& row : *rows) {
        after = row.key;
        const std::optional<PushDeviceId> device = DeviceOfLedgerKey(row.key);
        if (!device) {
          if (Status added = AddSuppressed(row.value, only); !added) return added;
          continue;
        }
        PushLedgerRecord record;
        if (!record.ParseFromString(row.value)) continue;
        ledger_read_ms = Earlier(ledger_read_ms, record.read_ms());
        const bool accepted = record.state() == v1::Push::ACCEPTED || record.state() == v1::Push::WITHDRAWN;
        if (accepted) reply.set_pushed_ms(Earlier(reply.pushed_ms(), record.answered_ms()));
        if (only && *only != device->uid) continue;
        if (Status added = AddDevice(*device, record); !added) return added;
      }
      if (rows->size() < limits::kPushRowsPerSweep) break;
    }
    reply.set_read_ms(Earlier(ledger_read_ms, moved_ms_));
    return {};
  }

  v1::MessageExplainReply reply;

 private:
  Status AddSuppressed(const std::string& row, std::optional<Uid> only) {
    PushSuppressions suppressions;
    if (!suppressions.ParseFromString(row)) return {};
    for (const PushSuppressions::Group& group : suppressions.groups()) {
      for (int i = 0; i < std::min(group.uids_size(), group.device_numbers_size()); ++i) {
        const PushDeviceId device{{group.uids(i)}, group.device_numbers(i)};
        if (only && *only != device.uid) continue;
        if (group.reason() == v1::Push::ONLINE && reply.devices_size() < limits::kPushExplainedMax) {
          const auto later = parts_.outbox.Get(LedgerKey(rid_, seq_, device));
          if (!later) return later.error();
          if (*later) continue;  // the session had died: it was decided again
        }
        PushLedgerRecord record;
        record.set_state(v1::Push::SUPPRESSED);
        record.set_reason(group.reason());
        record.set_decided_ms(suppressions.decided_ms());
        if (Status added = AddDevice(device, record); !added) return added;
      }
    }
    return {};
  }

  Status AddDevice(const PushDeviceId& device, const PushLedgerRecord& record) {
    if (reply.devices_size() >= limits::kPushExplainedMax) {
      reply.set_truncated(true);
      return {};
    }
    v1::PushExplanation& explanation = *reply.add_devices();
    if (Status named = Name(device, record, explanation); !named) return named;
    explanation.set_state(record.state());
    explanation.set_reason(record.reason());
    explanation.set_attempts(record.attempts());
    explanation.set_decided_ms(record.decided_ms());
    explanation.set_sent_ms(record.sent_ms());
    explanation.set_answered_ms(record.answered_ms());
    explanation.set_status(record.status());
    explanation.set_detail(record.detail());
    explanation.set_read_ms(record.read_ms());
    return {};
  }

  // A device that is registered no more has the name that the ledger has kept, if it has.
  Status Name(const PushDeviceId& device, const PushLedgerRecord& record, v1::PushExplanation& explanation) {
    auto known = records_.find(device.uid);
    if (known == records_.end()) {
      auto read = view_.PushOf(device.uid);
      if (!read) return std::move(read).error();
      domain::PushRecord of_user = read->value_or(domain::PushRecord());
      if (of_user.username().empty()) {
        const auto member = view_.Member(rid_, device.uid);
        if (!member) return member.error();
        if (*member) of_user.set_username((*member)->user());
      }
      known = records_.emplace(device.uid, std::move(of_user)).first;
    }
    explanation.set_user(known->second.username());
    explanation.set_device(record.device());
    explanation.set_provider(record.provider());
    for (const PushDeviceRecord& each : known->second.devices()) {
      if (each.number() != device.number) continue;
      explanation.set_device(each.device());
      if (record.provider() == v1::Push::UNSPECIFIED) explanation.set_provider(ProviderOf(each));
    }
    return {};
  }

  const Rid rid_;
  const Seq seq_;
  const store::StoreView& view_;
  const ExplainParts& parts_;
  std::map<Uid, domain::PushRecord> records_;
  uint64_t moved_ms_ = 0;
};

Error NoSuchEvent(const std::string& room, Seq seq) {
  return {Code::NOT_FOUND,
          "seq: " + room + " has no event " + std::to_string(seq.value) + " that you may see"};
}

}  // namespace

Result<v1::MessageExplainReply> MessageExplain(const v1::MessageExplainRequest& request,
                                               const store::StoreView& view, const Caller& caller,
                                               const ExplainParts& parts) {
  const Result<VisibleRoom> room = OpenRoom(view, caller, request.room());
  if (!room) return room.error();
  const Seq seq{request.seq()};
  if (seq.value == 0 || seq > room->head || !room->visibility.Sees(seq))
    return NoSuchEvent(request.room(), seq);
  Explanation explanation(room->rid(), seq, view, parts);
  explanation.reply.set_room(request.room());
  const Result<bool> there = explanation.AddEvent();
  if (!there) return there.error();
  if (Status added = explanation.AddMembers(); !added) return std::move(added).error();
  const domain::Role role = room->member ? room->member->role() : v1::Member::MEMBER;
  const bool sees_all = explanation.reply.sender() == caller.user.str() || role == v1::Member::OWNER ||
                        role == v1::Member::MODERATOR;
  if (Status added = explanation.AddDevices(sees_all ? std::nullopt : std::optional(room->uid)); !added) {
    return std::move(added).error();
  }
  return std::move(explanation.reply);
}

Result<v1::MessageExplainReply> ExplainMessage(const std::string& room, Seq seq, const store::StoreView& view,
                                               const ExplainParts& parts) {
  if (Result<RoomId> parsed = ParseRoomId(room); !parsed) return std::move(parsed).error().Within("room");
  const auto record = view.Room(room);
  if (!record) return record.error();
  if (!*record) return Error{Code::NOT_FOUND, "no room " + room};
  const Rid rid{(*record)->rid()};
  const Result<Seq> head = view.Head(rid);
  if (!head) return head.error();
  if (seq.value == 0 || seq > *head) return NoSuchEvent(room, seq);
  Explanation explanation(rid, seq, view, parts);
  explanation.reply.set_room(room);
  const Result<bool> there = explanation.AddEvent();
  if (!there) return there.error();
  if (Status added = explanation.AddMembers(); !added) return std::move(added).error();
  if (Status added = explanation.AddDevices(std::nullopt); !added) return std::move(added).error();
  return std::move(explanation.reply);
}

}  // namespace parley::bridge
