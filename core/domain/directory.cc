#include "core/domain/directory.h"

#include <algorithm>

namespace parley::domain {
namespace {

template <typename Members>
auto LowerBound(Members& members, UserSlot user) {
  return std::lower_bound(members.begin(), members.end(), user,
                          [](const Membership& member, UserSlot slot) { return member.user < slot; });
}

template <typename T, typename Table, typename Items>
std::vector<const T*> ByName(const Table& table, const Items& items) {
  std::vector<std::pair<std::string_view, const T*>> named;
  named.reserve(table.size());
  table.ForEach(
      [&](std::string_view name, auto slot) { named.emplace_back(name, &items[static_cast<size_t>(slot)]); });
  std::sort(named.begin(), named.end());
  std::vector<const T*> sorted;
  sorted.reserve(named.size());
  for (const auto& [name, item] : named) sorted.push_back(item);
  return sorted;
}

}  // namespace

Directory::Directory() {
  for (const std::string_view role : {kEveryoneRole, kAdminRole}) {
    RoleRecord record;
    record.set_role(std::string(role));
    Put(record);
  }
}

const User* Directory::FindUser(std::string_view name) const {
  const UserSlot* slot = user_by_name_.Find(name);
  return slot == nullptr ? nullptr : &At(*slot);
}

const Room* Directory::FindRoom(std::string_view name) const {
  const RoomSlot* slot = room_by_name_.Find(name);
  return slot == nullptr ? nullptr : &At(*slot);
}

const Membership* Directory::FindMembership(std::string_view room_name, std::string_view user_name) const {
  const User* user = FindUser(user_name);
  return user == nullptr ? nullptr : FindMembership(room_name, *user);
}

const Membership* Directory::FindMembership(std::string_view room_name, const User& user) const {
  const Room* room = FindRoom(room_name);
  return room == nullptr ? nullptr : FindMembership(*room, user);
}

const Membership* Directory::FindMembership(const Room& room, const User& user) const {
  const auto slot = static_cast<UserSlot>(&user - users_.data());
  const auto found = LowerBound(room.members, slot);
  return found != room.members.end() && found->user == slot ? &*found : nullptr;
}

const RuleRole* Directory::FindRole(std::string_view name) const {
  const RoleSlot* slot = role_by_name_.Find(name);
  return slot == nullptr || !At(*slot).exists ? nullptr : &At(*slot);
}

const RuleSet* Directory::RulesOf(RoleSlot slot) const {
  const RuleRole& role = At(slot);
  if (role.record.rules_size() == 0) return nullptr;
  if (role.rules == nullptr) role.rules = std::make_shared<const RuleSet>(role.record.rules());
  return role.rules.get();
}

const RuleSet& Directory::RulesOf(const User& user) const {
  if (user.rules == nullptr) user.rules = std::make_shared<const RuleSet>(user.record.rules());
  return *user.rules;
}

std::vector<const RuleRole*> Directory::RolesByName() const {
  std::vector<const RuleRole*> sorted;
  sorted.reserve(roles_.size());
  for (const RuleRole& role : roles_) {
    if (role.exists) sorted.push_back(&role);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const RuleRole* a, const RuleRole* b) { return a->record.role() < b->record.role(); });
  return sorted;
}

std::vector<const User*> Directory::UsersByName() const {
  return ByName<User>(user_by_name_, users_);
}

std::vector<const Room*> Directory::RoomsByName() const {
  return ByName<Room>(room_by_name_, rooms_);
}

void Directory::Apply(const Change& change) {
  ++version_;
  struct Visitor {
    Directory& directory;
    void operator()(const UserRecord& record) { directory.Put(record); }
    void operator()(const UserGone& gone) { directory.Erase(gone); }
    void operator()(const RoomRecord& record) { directory.Put(record); }
    void operator()(const RoomGone& gone) { directory.Erase(gone); }
    void operator()(const MemberPut& put) { directory.Put(put); }
    void operator()(const MemberGone& gone) { directory.Erase(gone); }
    void operator()(const ClientRecord&) {}
    void operator()(const RoleRecord& record) { directory.Put(record); }
    void operator()(const RoleGone& gone) { directory.Erase(gone); }
    void operator()(const BindingRecord& record) { directory.bindings_.Put(record); }
    void operator()(const BindingGone& gone) { directory.bindings_.Erase(gone.filter, gone.rid); }
    void operator()(const ConfigRecord& record) { directory.Put(record); }
    void operator()(const WebhookRecord& record) { directory.webhooks_[record.webhook()] = record; }
    void operator()(const WebhookGone& gone) { directory.webhooks_.erase(gone.webhook); }
  };
  std::visit(Visitor{*this}, change);
}

void Directory::SetSent(Rid rid, Uid uid, uint64_t sent) {
  if (Membership* membership = MutableMembership(rid, uid)) membership->sent = sent;
}

void Directory::SetUseq(Uid uid, uint64_t useq) {
  const auto found = user_by_uid_.find(uid);
  if (found != user_by_uid_.end()) users_[static_cast<size_t>(found->second)].useq = useq;
}

void Directory::Put(const UserRecord& record) {
  const auto [slot, is_new] = user_by_name_.TryEmplace(record.username(), UserSlot(users_.size()));
  if (is_new) {
    users_.push_back({});
    user_by_uid_[Uid{record.uid()}] = slot;
  }
  User& user = users_[static_cast<size_t>(slot)];
  user.record = record;
  user.rules.reset();
  user.disabled = record.disabled();
  user.has_rules = record.rules_size() > 0;
  user.roles.clear();
  user.roles.reserve(static_cast<size_t>(record.roles_size()));
  for (int i = 0; i < record.roles_size(); ++i) {
    const int32_t priority = i < record.role_priorities_size() ? record.role_priorities(i) : int32_t{0};
    user.roles.push_back({SlotOfRole(record.roles(i)), priority});
  }
}

void Directory::Put(const RoomRecord& record) {
  const auto [slot, is_new] = room_by_name_.TryEmplace(record.room(), RoomSlot(rooms_.size()));
  if (is_new) {
    rooms_.push_back({});
    room_by_rid_[Rid{record.rid()}] = slot;
  }
  rooms_[static_cast<size_t>(slot)].record = record;
}

void Directory::Put(const MemberPut& put) {
  const auto room_slot = room_by_rid_.find(put.rid);
  const auto user_slot = user_by_uid_.find(put.uid);
  if (room_slot == room_by_rid_.end() || user_slot == user_by_uid_.end()) return;
  Room& room = rooms_[static_cast<size_t>(room_slot->second)];
  const auto at = LowerBound(room.members, user_slot->second);
  if (at != room.members.end() && at->user == user_slot->second) {
    at->role = put.record.role();
    at->visible_from = put.record.visible_from();
    at->since_feed = put.record.since_feed();
    return;
  }
  room.members.insert(at, Membership{.user = user_slot->second,
                                     .role = put.record.role(),
                                     .visible_from = put.record.visible_from(),
                                     .sent = 0,
                                     .since_feed = put.record.since_feed()});
  std::vector<RoomSlot>& rooms = users_[static_cast<size_t>(user_slot->second)].rooms;
  rooms.insert(std::lower_bound(rooms.begin(), rooms.end(), room_slot->second), room_slot->second);
}

RoleSlot Directory::SlotOfRole(const std::string& role) {
  const auto [slot, is_new] = role_by_name_.TryEmplace(role, RoleSlot(roles_.size()));
  if (is_new) roles_.emplace_back();
  return slot;
}

void Directory::Put(const RoleRecord& record) {
  RuleRole& role = roles_[static_cast<size_t>(SlotOfRole(record.role()))];
  role.exists = true;
  role.record = record;
  role.rules.reset();
}

// A built-in role stays.
void Directory::Erase(const RoleGone& gone) {
  const RoleSlot* slot = role_by_name_.Find(gone.role);
  if (slot == nullptr || gone.role == kAdminRole || gone.role == kEveryoneRole) return;
  roles_[static_cast<size_t>(*slot)] = {};
}

void Directory::Put(const ConfigRecord& record) {
  config_record_ = record;
  config_ = ConfigOf(record);
}

void Directory::Erase(const RoomGone& gone) {
  const auto found = room_by_rid_.find(gone.rid);
  if (found == room_by_rid_.end()) return;
  const RoomSlot slot = found->second;
  Room& room = rooms_[static_cast<size_t>(slot)];
  for (const Membership& member : room.members) {
    std::erase(users_[static_cast<size_t>(member.user)].rooms, slot);
  }
  room_by_name_.Erase(room.record.room());
  room_by_rid_.erase(found);
  room = {};
}

void Directory::Erase(const UserGone& gone) {
  const UserSlot* slot = user_by_name_.Find(gone.name.str());
  if (slot == nullptr) return;
  User& user = users_[static_cast<size_t>(*slot)];
  user_by_uid_.erase(Uid{user.record.uid()});
  user = {};
  user_by_name_.Erase(gone.name.str());
}

void Directory::Erase(const MemberGone& gone) {
  const auto room_slot = room_by_rid_.find(gone.rid);
  const auto user_slot = user_by_uid_.find(gone.uid);
  if (room_slot == room_by_rid_.end() || user_slot == user_by_uid_.end()) return;
  Room& room = rooms_[static_cast<size_t>(room_slot->second)];
  const auto at = LowerBound(room.members, user_slot->second);
  if (at != room.members.end() && at->user == user_slot->second) room.members.erase(at);
  std::erase(users_[static_cast<size_t>(user_slot->second)].rooms, room_slot->second);
}

Membership* Directory::MutableMembership(Rid rid, Uid uid) {
  const auto room_slot = room_by_rid_.find(rid);
  const auto user_slot = user_by_uid_.find(uid);
  if (room_slot == room_by_rid_.end() || user_slot == user_by_uid_.end()) return nullptr;
  Room& room = rooms_[static_cast<size_t>(room_slot->second)];
  const auto at = LowerBound(room.members, user_slot->second);
  return at != room.members.end() && at->user == user_slot->second ? &*at : nullptr;
}

}  // namespace parley::domain
