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
  const uint64_t dice = random_.Below(60);
  Command command = dice < 10 ? OwnRequest() : dice < 15 ? AnyPush() : dice < 17 ? AnyWebhook() : AnyBody();
  // The wall clock may fall; log time never does, and sometimes passes the end of what dedupe remembers.
  wall_ms_ = random_.OneIn(20) ? wall_ms_ - random_.Below(10'000) : wall_ms_ + random_.Below(50);
  log_ms_ += random_.OneIn(200) ? domain::kDedupWindowMs + 1 : random_.Below(50);
  command.set_wall_ms(wall_ms_);
  command.set_log_time_ms(log_ms_);
  return command;
}

// What a user asks for themselves, and what administrators do with rooms and users since.
Command RandomCommands::OwnRequest() {
  const auto role = static_cast<Role>(1 + random_.Below(5));
  Command command;
  switch (random_.Below(11)) {
    case 0:
      command = AddMember(AnyRoom(), User(), role);
      break;
    case 1:
      command = RemoveMember(AnyRoom(), User());
      break;
    case 2:
      command = SetMemberRole(AnyRoom(), User(), role);
      break;
    case 3: {
      const std::string owner = User();
      command =
          CreateRoom(Room(), {{owner, v1::Member::OWNER}}, static_cast<v1::Room::Kind>(1 + random_.Below(5)),
                     static_cast<v1::Room::History>(random_.Below(2)));
      command.mutable_create_room()->set_max_message_bytes(random_.OneIn(3) ? 8 : 0);
      command.mutable_origin()->set_user(owner);
      command.mutable_origin()->set_as_member(true);
      return command;
    }
    case 4:
    case 5:
      command.mutable_join_room()->set_room(AnyRoom());
      break;
    case 6:
      command.mutable_leave_room()->set_room(AnyRoom());
      break;
    case 7:
      command.mutable_update_room()->set_room(AnyRoom());
      command.mutable_update_room()->set_title("title" + std::to_string(random_.Below(3)));
      if (random_.OneIn(2))
        command.mutable_update_room()->set_retention_days(static_cast<uint32_t>(random_.Below(3)));
      break;
    case 8:
      command.mutable_delete_room()->set_room(AnyRoom());
      break;
    case 9:
      command.mutable_update_user()->set_username(User());
      command.mutable_update_user()->set_display_name("name" + std::to_string(random_.Below(3)));
      break;
    default:
      if (random_.OneIn(3)) {
        command.mutable_set_config()->set_rooms_per_user(static_cast<uint32_t>(2 + random_.Below(4)));
      } else {
        command.mutable_set_user_disabled()->set_username(User());
        command.mutable_set_user_disabled()->set_disabled(random_.OneIn(3));
      }
      break;
  }
  const bool only_users = command.has_join_room() || command.has_leave_room();
  const bool as_member = only_users || random_.OneIn(2);
  command.mutable_origin()->set_user(as_member ? User() : "admin");
  command.mutable_origin()->set_as_member(as_member && !command.has_set_config() &&
                                          !command.has_set_user_disabled());
  return command;
}

Command RandomCommands::AnyBody() {
  if (random_.OneIn(5)) return AnyCursor();
  const uint64_t dice = random_.Below(100);
  const auto role = static_cast<Role>(1 + random_.Below(5));
  if (dice < 60) {
    const std::string id = random_.OneIn(5) ? "" : "id" + std::to_string(random_.Below(12));
    Command command = Send(User(), AnyRoom(), id, random_.OneIn(8) ? "other" : "text");
    if (random_.OneIn(10)) command.mutable_send()->mutable_draft()->set_reply_to(random_.Below(8));
    if (random_.OneIn(4)) {
      for (uint64_t i = 0; i <= random_.Below(3); ++i)
        command.mutable_send()->mutable_draft()->add_mentions(User());
    }
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

Command RandomCommands::AnyCursor() {
  Command command = By(User());
  command.mutable_move_cursor()->set_room(AnyRoom());
  if (!random_.OneIn(5)) command.mutable_move_cursor()->set_read(random_.Below(60));
  if (random_.OneIn(3)) command.mutable_move_cursor()->set_delivered(random_.Below(60));
  return command;
}

Command RandomCommands::AnyPush() {
  const std::string user = User();
  const std::string device = "d" + std::to_string(random_.Below(3));
  switch (random_.Below(6)) {
    case 0:
    case 1: {
      Command command = RegisterPush(user, device, "token" + std::to_string(random_.Below(2)));
      internal::v1::PushRecord::Device& asked = *command.mutable_register_push()->mutable_device();
      asked.set_level(static_cast<v1::Push::Level>(random_.Below(4)));
      if (random_.OneIn(3)) {
        asked.mutable_quiet_hours()->set_from(random_.OneIn(2) ? "" : "22:00");
        asked.mutable_quiet_hours()->set_to(asked.quiet_hours().from().empty() ? "" : "07:00");
      }
      // What the log decides cannot be given.
      asked.set_number(static_cast<uint32_t>(random_.Below(3)));
      asked.add_rooms()->set_room(Room());
      return command;
    }
    case 2: {
      Command command = UnregisterPush(user, device);
      if (random_.OneIn(3)) command.mutable_unregister_push()->set_username(User());
      if (random_.OneIn(3)) command.mutable_unregister_push()->set_target_feed(random_.Below(2000));
      command.mutable_origin()->set_as_member(random_.OneIn(2));
      return command;
    }
    default: {
      const uint64_t until_ms = random_.OneIn(3) ? UINT64_MAX : wall_ms_ + random_.Below(2000);
      Command command =
          MutePush(user, random_.OneIn(3) ? "" : device, random_.OneIn(4) ? "" : AnyRoom(), until_ms);
      if (random_.OneIn(2)) {
        command.mutable_mute_push()->clear_until_ms();
        command.mutable_mute_push()->set_level(static_cast<v1::Push::Level>(random_.Below(4)));
      }
      return command;
    }
  }
}

Command RandomCommands::AnyWebhook() {
  const std::string webhook = "hook" + std::to_string(random_.Below(3));
  switch (random_.Below(4)) {
    case 0:
      return DeleteWebhook(webhook);
    case 1: {
      Command command = By("admin");
      command.mutable_update_webhook()->set_webhook(webhook);
      command.mutable_update_webhook()->set_disabled(random_.OneIn(2));
      command.mutable_update_webhook()->set_with_events(random_.OneIn(2));
      if (random_.OneIn(2)) command.mutable_update_webhook()->add_events("text");
      return command;
    }
    default:
      return CreateWebhook(webhook, random_.OneIn(3) ? "" : AnyRoom());
  }
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
