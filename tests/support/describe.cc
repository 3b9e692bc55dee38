#include "tests/support/describe.h"

#include <algorithm>
#include <vector>

namespace parley::testing {
namespace {

std::string Text(uint64_t number) {
  return std::to_string(number);
}

}  // namespace

std::string Describe(const domain::Change& change) {
  struct Visitor {
    std::string operator()(const domain::UserRecord& record) { return "user " + record.ShortDebugString(); }
    std::string operator()(const domain::UserGone& gone) { return "user gone " + gone.name.str(); }
    std::string operator()(const domain::RoomRecord& record) { return "room " + record.ShortDebugString(); }
    std::string operator()(const domain::RoomGone& gone) {
      std::string said = "room gone " + Text(gone.rid.value) + " " + gone.room + " of";
      for (const Uid uid : gone.records) said += " " + Text(uid.value);
      said += " told";
      for (const Uid uid : gone.members) said += " " + Text(uid.value);
      return said;
    }
    std::string operator()(const domain::ConfigRecord& record) {
      return "config " + record.ShortDebugString();
    }
    std::string operator()(const domain::MemberPut& put) {
      return "member " + Text(put.rid.value) + "/" + Text(put.uid.value) + " " +
             put.record.ShortDebugString();
    }
    std::string operator()(const domain::MemberGone& gone) {
      return "member gone " + Text(gone.rid.value) + "/" + Text(gone.uid.value);
    }
    std::string operator()(const domain::ClientRecord& record) {
      return "client " + record.ShortDebugString();
    }
    std::string operator()(const domain::RoleRecord& record) { return "role " + record.ShortDebugString(); }
    std::string operator()(const domain::RoleGone& gone) { return "role gone " + gone.role; }
    std::string operator()(const domain::BindingRecord& record) {
      return "binding " + record.ShortDebugString();
    }
    std::string operator()(const domain::BindingGone& gone) {
      return "binding gone " + gone.filter + "/" + Text(gone.rid.value);
    }
    std::string operator()(const domain::WebhookRecord& record) {
      return "webhook " + record.ShortDebugString();
    }
    std::string operator()(const domain::WebhookGone& gone) { return "webhook gone " + gone.webhook; }
  };
  return std::visit(Visitor{}, change);
}

std::string Describe(const domain::Applied& applied) {
  std::string text = "index " + Text(applied.index.value) + " " + std::string(CodeName(applied.code)) + " " +
                     applied.reason + " by " + applied.origin.ShortDebugString();
  if (applied.ack) text += "\n  ack " + applied.ack->ShortDebugString();
  for (const domain::Change& change : applied.changes) text += "\n  " + Describe(change);
  for (const domain::NewEvent& event : applied.events) {
    v1::Event parsed;
    parsed.ParseFromString(event.bytes);
    text += "\n  event " + Text(event.rid.value) + "/" + Text(event.seq.value) + " ordinal " +
            Text(event.ordinal) + " own " + Text(event.own_ordinal) + " of " + Text(event.sender.value) +
            " in " + event.room + " " + parsed.ShortDebugString();
    for (const UserId& user : event.also_to) text += " also to " + user.str();
  }
  for (const domain::NewMention& mention : applied.mentions) {
    text += "\n  mention of " + Text(mention.uid.value) + " in " + Text(mention.rid.value) + "/" +
            Text(mention.seq.value);
  }
  for (const domain::NewInboxItem& item : applied.inbox) {
    v1::InboxItem parsed;
    parsed.ParseFromString(item.bytes);
    text += "\n  inbox of " + Text(item.uid.value) + " " + item.user + " " + Text(item.useq) + " " +
            parsed.ShortDebugString();
  }
  if (applied.cursor) {
    text += "\n  cursor " + Text(applied.cursor->rid.value) + "/" + Text(applied.cursor->uid.value) + " " +
            applied.cursor->member.ShortDebugString();
  }
  if (applied.push) {
    text += "\n  push of " + Text(applied.push->uid.value) + " " + applied.push->record.ShortDebugString();
  }
  if (applied.dedup) {
    const auto& [key, entry] = *applied.dedup;
    text += "\n  dedup " + Text(key.uid.value) + "/" + Text(key.rid.value) + "/" + key.id + " = " +
            Text(entry.seq.value) + " " + Text(entry.index.value) + " " + Text(entry.ts_ms) + " " +
            Text(entry.log_time_ms) + " " + entry.body_hash;
  }
  return text + "\n";
}

std::string Describe(const domain::Directory& directory, bool with_sent) {
  std::string text = directory.config_record().ShortDebugString();
  for (const domain::User* user : directory.UsersByName()) {
    std::vector<std::string> rooms;
    for (const domain::RoomSlot slot : user->rooms) rooms.push_back(directory.At(slot).record.room());
    std::sort(rooms.begin(), rooms.end());
    text += "user " + user->record.ShortDebugString() + " in";
    for (const std::string& room : rooms) text += " " + room;
    text += "\n";
  }
  for (const domain::Room* room : directory.RoomsByName()) {
    text += "room " + room->record.ShortDebugString() + "\n";
    std::vector<std::string> members;
    for (const domain::Membership& member : room->members) {
      members.push_back("  " + directory.At(member.user).record.username() + " " +
                        v1::Member::Role_Name(member.role) + " from " + Text(member.visible_from) +
                        (with_sent ? " sent " + Text(member.sent) : "") + "\n");
    }
    std::sort(members.begin(), members.end());
    for (const std::string& member : members) text += member;
  }
  for (const domain::RuleRole* role : directory.RolesByName()) {
    const bool untouched = role->record.rules_size() == 0 &&
                           (role->record.role() == "admin" || role->record.role() == "everyone");
    if (!untouched) text += "role " + role->record.ShortDebugString() + "\n";
  }
  for (const domain::BindingRecord& binding : directory.bindings().all()) {
    text += "binding " + binding.ShortDebugString() + "\n";
  }
  for (const auto& [name, webhook] : directory.webhooks()) {
    text += "webhook " + webhook.ShortDebugString() + "\n";
  }
  return text;
}

}  // namespace parley::testing
