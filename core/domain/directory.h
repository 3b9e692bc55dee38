#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "core/domain/access_rules.h"
#include "core/domain/binding_table.h"
#include "core/domain/config.h"
#include "core/domain/flat_table.h"
#include "parley/internal/v1/state.pb.h"
#include "schemas/names.h"

namespace parley::domain {

using internal::v1::ClientRecord;
using internal::v1::MemberRecord;
using internal::v1::PushRecord;
using internal::v1::RoleRecord;
using internal::v1::RoomRecord;
using internal::v1::UserRecord;
using internal::v1::WebhookRecord;
using Role = v1::Member::Role;
using RoomKind = v1::Room::Kind;

// Positions in the directory's own tables: 32 bits, never used again while the process lives.
enum class UserSlot : uint32_t {};
enum class RoomSlot : uint32_t {};
enum class RoleSlot : uint32_t {};

// One user's standing in one room. role UNSPECIFIED: a former member.
struct Membership {
  UserSlot user;
  Role role;
  uint64_t visible_from;  // the first seq that may be seen
  uint64_t sent;          // countable events sent so far (kept by the authoritative copy only)
  uint64_t since_feed;    // log index of the change that made this membership, whatever roles it had since
};

// A role that a user has, of record.roles.
struct RoleOfUser {
  RoleSlot role;
  int32_t priority;
};

struct User {
  // What every check reads stands first, and together.
  bool disabled = false;
  bool has_rules = false;
  boost::container::small_vector<RoleOfUser, 2> roles{};  // few have more
  mutable CompiledRules rules{};                          // of record.rules, made when first asked for
  std::vector<RoomSlot> rooms{};                          // sorted; all rooms with a Membership of this user
  UserRecord record{};
  uint64_t useq = 0;  // of the newest inbox item (kept by the authoritative copy only)
};

struct Room {
  RoomRecord record;
  std::vector<Membership> members;  // sorted by user
};

// A group of access rules.
struct RuleRole {
  bool exists = false;
  RoleRecord record;
  mutable CompiledRules rules{};
};

// A role or a binding that is no more.
struct RoleGone {
  std::string role;
};
struct BindingGone {
  std::string filter;
  Rid rid;
};
// An outgoing webhook that is no more.
struct WebhookGone {
  std::string webhook;
};
// A user or a membership that is no more (deleteUser).
struct UserGone {
  UserId name;
  Uid uid;
  uint64_t useq = 0;  // of the newest inbox item
};
struct MemberGone {
  Rid rid;
  Uid uid;
};
// A room that is no more (deleteRoom), with all its memberships.
struct RoomGone {
  Rid rid;
  std::string room;
  LogIndex index;            // of the deletion
  std::vector<Uid> records;  // all who had a membership record, by uid
  std::vector<Uid> members;  // those of them who were members: sync tells them
};
// One step from a directory to the next: what apply() decides, the store writes and the ACL view follows.
struct MemberPut {
  Rid rid;
  Uid uid;
  MemberRecord record;
};
using Change =
    std::variant<UserRecord, UserGone, RoomRecord, RoomGone, MemberPut, MemberGone, ClientRecord,
                 ConfigRecord, RoleRecord, RoleGone, BindingRecord, BindingGone, WebhookRecord, WebhookGone>;

// Users, rooms and memberships, in memory. The commit thread owns the authoritative copy, the broker thread
// the ACL view; each is changed by the same Changes in the same order. Not synchronised: one thread per copy.
class Directory {
 public:
  Directory();
  Directory(Directory&&) = default;
  Directory& operator=(Directory&&) = default;
  Directory(const Directory&) = default;
  Directory& operator=(const Directory&) = default;

  // Look-ups. nullptr when there is none; pointers are valid until the next Apply().
  const User* FindUser(std::string_view name) const;
  const Room* FindRoom(std::string_view name) const;
  const Membership* FindMembership(std::string_view room, std::string_view user) const;
  // `user`: of this directory.
  const Membership* FindMembership(std::string_view room, const User& user) const;
  // Both: of this directory.
  const Membership* FindMembership(const Room& room, const User& user) const;
  const User& At(UserSlot slot) const { return users_[static_cast<size_t>(slot)]; }
  const Room& At(RoomSlot slot) const { return rooms_[static_cast<size_t>(slot)]; }

  const RuleRole* FindRole(std::string_view name) const;
  // The compiled rules of a role; nullptr when it has none.
  const RuleSet* RulesOf(RoleSlot role) const;
  const RuleSet* RulesOfEveryone() const { return RulesOf(kEveryoneSlot); }
  const RuleRole& At(RoleSlot slot) const { return roles_[static_cast<size_t>(slot)]; }
  const RuleSet& RulesOf(const User& user) const;
  const BindingTable& bindings() const { return bindings_; }
  // Outgoing webhooks, by name.
  using Webhooks = std::map<std::string, WebhookRecord, std::less<>>;
  const Webhooks& webhooks() const { return webhooks_; }

  // In order of name.
  std::vector<const RuleRole*> RolesByName() const;
  std::vector<const User*> UsersByName() const;
  std::vector<const Room*> RoomsByName() const;
  size_t user_count() const { return user_by_name_.size(); }
  size_t room_count() const { return room_by_name_.size(); }
  size_t role_count() const { return RolesByName().size(); }
  const ConfigRecord& config_record() const { return config_record_; }
  const Config& config() const { return config_; }

  // ClientRecords are not kept here (auth/ has them) and are ignored. A change of something unknown is
  // ignored.
  void Apply(const Change& change);
  // How many changes it has seen: while that is the same, what was found is still there.
  uint64_t version() const { return version_; }

  // Sets the number of countable events that a member has sent.
  void SetSent(Rid rid, Uid uid, uint64_t sent);
  // Sets the number of a user's newest inbox item.
  void SetUseq(Uid uid, uint64_t useq);

 private:
  void Put(const UserRecord& record);
  void Put(const RoomRecord& record);
  void Put(const MemberPut& put);
  void Put(const RoleRecord& record);
  void Put(const ConfigRecord& record);
  void Erase(const UserGone& gone);
  void Erase(const RoomGone& gone);
  void Erase(const MemberGone& gone);
  void Erase(const RoleGone& gone);
  RoleSlot SlotOfRole(const std::string& role);
  Membership* MutableMembership(Rid rid, Uid uid);

  uint64_t version_ = 0;
  std::vector<User> users_;
  std::vector<Room> rooms_;
  NameTable<UserSlot> user_by_name_;
  NameTable<RoomSlot> room_by_name_;
  std::unordered_map<Uid, UserSlot> user_by_uid_;
  std::unordered_map<Rid, RoomSlot> room_by_rid_;
  static constexpr RoleSlot kEveryoneSlot{0};
  // A slot is made when a role or a user names it first; a role that goes leaves it.
  NameTable<RoleSlot> role_by_name_;
  std::vector<RuleRole> roles_;
  BindingTable bindings_;
  Webhooks webhooks_;
  ConfigRecord config_record_;
  Config config_;  // of config_record_
};

}  // namespace parley::domain
