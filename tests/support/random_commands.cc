#include "tests/support/random_commands.h"

#include <algorithm>

#include "tests/support/commands.h"

namespace parley::testing {

std::string RandomCommands::AnyRoom() {
  if (!random_.OneIn(4)) return Room();
  const std::string one = User();
  const std::string other = User();
  return one == other ? "dm:u0:u1" : "dm:" + std::min(one, other) + ":" + std::max(one, other);
}

Command RandomCommands::Next() {
  Command command = AnyBody();
  // The wall clock may fall; log time never does, and sometimes passes the end of what dedupe remembers.
  wall_ms_ = random_.OneIn(20) ? wall_ms_ - random_.Below(10'000) : wall_ms_ + random_.Below(50);
  log_ms_ += random_.OneIn(200) ? domain::kDedupWindowMs + 1 : random_.Below(50);
  command.set_wall_ms(wall_ms_);
  command.set_log_time_ms(log_ms_);
  return command;
}

Command RandomCommands::AnyBody() {
  const uint64_t dice = random_.Below(100);
  const auto role = static_cast<Role>(1 + random_.Below(5));
  if (dice < 60) {
    const std::string id = random_.OneIn(5) ? "" : "id" + std::to_string(random_.Below(12));
    Command command = Send(User(), AnyRoom(), id, random_.OneIn(8) ? "other" : "text");
    if (random_.OneIn(10)) command.mutable_send()->mutable_draft()->set_reply_to(random_.Below(8));
    return command;
  }
  if (dice < 68) return CreateUser(User());
  if (dice < 72) return DeleteUser(User());
  if (dice < 80) return AddMember(AnyRoom(), User(), role);
  if (dice < 86) return RemoveMember(AnyRoom(), User());
  if (dice < 92) return SetMemberRole(AnyRoom(), User(), role);
  if (dice < 94) {
    const auto kind = static_cast<v1::Room::Kind>(1 + random_.Below(3));
    const auto history = static_cast<v1::Room::History>(random_.Below(2));
    const std::string first = User();
    const std::string second = User();
    if (first == second) return CreateRoom(Room(), {{first, v1::Member::OWNER}}, kind, history);
    return CreateRoom(Room(), {{first, v1::Member::OWNER}, {second, role}}, kind, history);
  }
  if (random_.OneIn(2)) return AnyAccess();
  Command command = By("admin");
  if (random_.OneIn(2)) {
    command.mutable_set_password()->set_username(User());
    command.mutable_set_password()->set_password_hash("hash" + std::to_string(random_.Below(3)));
  } else {
    command.mutable_bind_client()->set_client("phone" + std::to_string(random_.Below(3)));
    command.mutable_bind_client()->set_username(User());
  }
  return command;
}

// Roles, rules, bindings and messages that come by them.
Command RandomCommands::AnyAccess() {
  Command command = By(User());
  const std::string role = "role" + std::to_string(random_.Below(3));
  const std::string filter = random_.OneIn(2) ? "plain/#" : "plain/+";
  switch (random_.Below(9)) {
    case 0:
      command.mutable_create_role()->set_role(role);
      break;
    case 1:
      command.mutable_delete_role()->set_role(role);
      break;
    case 2:
    case 3: {
      internal::v1::AddAcl& add = *command.mutable_add_acl();
      if (random_.OneIn(2)) {
        add.set_role(role);
      } else {
        add.set_username(User());
      }
      add.mutable_rule()->set_type(domain::AclRule::PUBLISH);
      add.mutable_rule()->set_topic("t" + std::to_string(random_.Below(3)));
      add.mutable_rule()->set_allow(random_.OneIn(2));
      break;
    }
    case 4:
      command.mutable_add_user_role()->set_username(User());
      command.mutable_add_user_role()->set_role(role);
      break;
    case 5:
      command.mutable_remove_user_role()->set_username(User());
      command.mutable_remove_user_role()->set_role(role);
      break;
    case 6:
      command.mutable_bind_topic()->set_filter(filter);
      command.mutable_bind_topic()->set_room(Room());
      break;
    case 7:
      command.mutable_unbind_topic()->set_filter(filter);
      command.mutable_unbind_topic()->set_room(Room());
      break;
    default: {
      internal::v1::BoundMessage& bound = *command.mutable_bound_message();
      bound.set_topic("plain/x");
      bound.set_payload("payload");
      internal::v1::BoundMessage::Target& target = *bound.add_targets();
      target.set_room(Room());
      target.set_rid(random_.Below(40));
    }
  }
  return command;
}

}  // namespace parley::testing
