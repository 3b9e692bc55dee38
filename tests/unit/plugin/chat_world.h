#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/domain/state_machine.h"

namespace parley::plugin {

// A state machine that is driven by hand: makes commands and applies them, as the commit thread would.
class ChatWorld {
 public:
  domain::Command Command(const std::string& by, const std::string& client = "") {
    domain::Command command;
    command.set_wall_ms(1'790'000'000'000 + index_);
    command.set_log_time_ms(index_);
    command.mutable_origin()->set_user(by);
    command.mutable_origin()->set_client(client);
    return command;
  }
  domain::Applied Apply(const domain::Command& command) { return machine_.Apply({++index_}, command, {}); }

  domain::Applied CreateUser(const std::string& name, const std::vector<std::string>& roles = {}) {
    domain::Command command = Command("admin");
    command.mutable_create_user()->set_username(name);
    command.mutable_create_user()->set_kind("person");
    for (const std::string& role : roles) command.mutable_create_user()->add_roles(role);
    return Apply(command);
  }
  domain::Applied DeleteUser(const std::string& name) {
    domain::Command command = Command("admin");
    command.mutable_delete_user()->set_username(name);
    return Apply(command);
  }
  domain::Applied CreateRoom(const std::string& room,
                             const std::vector<std::pair<std::string, domain::Role>>& members) {
    domain::Command command = Command("admin");
    command.mutable_create_room()->set_room(room);
    command.mutable_create_room()->set_kind(v1::Room::GROUP);
    for (const auto& [user, role] : members) {
      internal::v1::RoomMember& member = *command.mutable_create_room()->add_members();
      member.set_user(user);
      member.set_role(role);
    }
    return Apply(command);
  }
  domain::Applied AddMember(const std::string& room, const std::string& user,
                            domain::Role role = v1::Member::MEMBER) {
    domain::Command command = Command("admin");
    command.mutable_add_member()->set_room(room);
    command.mutable_add_member()->mutable_member()->set_user(user);
    command.mutable_add_member()->mutable_member()->set_role(role);
    return Apply(command);
  }
  domain::Applied RemoveMember(const std::string& room, const std::string& user) {
    domain::Command command = Command("admin");
    command.mutable_remove_member()->set_room(room);
    command.mutable_remove_member()->set_user(user);
    return Apply(command);
  }
  domain::Applied SetRole(const std::string& room, const std::string& user, domain::Role role) {
    domain::Command command = Command("admin");
    command.mutable_set_member_role()->set_room(room);
    command.mutable_set_member_role()->mutable_member()->set_user(user);
    command.mutable_set_member_role()->mutable_member()->set_role(role);
    return Apply(command);
  }
  domain::Applied Send(const std::string& user, const std::string& room, const std::string& id,
                       const std::string& client = "") {
    domain::Command command = Command(user, client);
    command.mutable_send()->set_room(room);
    command.mutable_send()->mutable_draft()->set_id(id);
    command.mutable_send()->mutable_draft()->mutable_text()->set_text(id);
    return Apply(command);
  }

  // A copy, as the ACL view starts with.
  domain::Directory Copy() const { return machine_.directory(); }
  LogIndex index() const { return {index_}; }

 private:
  domain::StateMachine machine_;
  uint64_t index_ = 0;
};

}  // namespace parley::plugin
