#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/domain/state_machine.h"

// Commands of the log, as the gate and control would make them. Clocks are small and explicit.
namespace parley::testing {

using domain::Command;
using domain::Role;

inline Command By(std::string_view user, uint64_t now_ms = 1000) {
  Command command;
  command.set_wall_ms(now_ms);
  command.set_log_time_ms(now_ms);
  command.mutable_origin()->set_user(std::string(user));
  command.mutable_origin()->set_client(std::string(user) + "-phone");
  return command;
}

inline Command CreateUser(std::string_view user) {
  Command command = By("admin");
  command.mutable_create_user()->set_username(std::string(user));
  command.mutable_create_user()->set_kind("person");
  return command;
}

inline Command DeleteUser(std::string_view user) {
  Command command = By("admin");
  command.mutable_delete_user()->set_username(std::string(user));
  return command;
}

using Members = std::initializer_list<std::pair<std::string_view, Role>>;

inline Command CreateRoom(std::string_view room, Members members = {}, v1::Room::Kind kind = v1::Room::GROUP,
                          v1::Room::History history = v1::Room::ALL) {
  Command command = By("admin");
  internal::v1::CreateRoom& create = *command.mutable_create_room();
  create.set_room(std::string(room));
  create.set_kind(kind);
  create.set_history(history);
  for (const auto& [user, role] : members) {
    internal::v1::RoomMember& member = *create.add_members();
    member.set_user(std::string(user));
    member.set_role(role);
  }
  return command;
}

inline Command AddMember(std::string_view room, std::string_view user, Role role = v1::Member::MEMBER) {
  Command command = By("admin");
  command.mutable_add_member()->set_room(std::string(room));
  command.mutable_add_member()->mutable_member()->set_user(std::string(user));
  command.mutable_add_member()->mutable_member()->set_role(role);
  return command;
}

inline Command RemoveMember(std::string_view room, std::string_view user) {
  Command command = By("admin");
  command.mutable_remove_member()->set_room(std::string(room));
  command.mutable_remove_member()->set_user(std::string(user));
  return command;
}

inline Command SetMemberRole(std::string_view room, std::string_view user, Role role) {
  Command command = By("admin");
  command.mutable_set_member_role()->set_room(std::string(room));
  command.mutable_set_member_role()->mutable_member()->set_user(std::string(user));
  command.mutable_set_member_role()->mutable_member()->set_role(role);
  return command;
}

// 0 = stays as it is.
struct At {
  uint64_t read = 0;
  uint64_t delivered = 0;
};
inline Command MoveCursor(std::string_view user, std::string_view room, At at, uint64_t now_ms = 1000) {
  Command command = By(user, now_ms);
  command.mutable_move_cursor()->set_room(std::string(room));
  command.mutable_move_cursor()->set_read(at.read);
  command.mutable_move_cursor()->set_delivered(at.delivered);
  return command;
}

// The hash of a draft's body: 16 bytes that differ when the texts do (in their first 16 bytes).
inline std::string BodyHash(std::string_view text) {
  std::string hash(text.substr(0, 16));
  hash.resize(16, '#');
  return hash;
}

// `id` empty: a message without one.
inline Command Send(std::string_view user, std::string_view room, std::string_view id,
                    std::string_view text = "hello", uint64_t now_ms = 1000) {
  Command command = By(user, now_ms);
  internal::v1::SendDraft& send = *command.mutable_send();
  send.set_room(std::string(room));
  send.mutable_draft()->set_id(std::string(id));
  send.mutable_draft()->mutable_text()->set_text(std::string(text));
  send.set_body_hash(BodyHash(text));
  return command;
}

inline Command AsMember(Command command) {
  command.mutable_origin()->set_as_member(true);
  return command;
}

// A device of the user's that wants notifications.
inline Command RegisterPush(std::string_view user, std::string_view device, std::string_view token = "token",
                            uint64_t now_ms = 1000) {
  Command command = AsMember(By(user, now_ms));
  internal::v1::PushRecord::Device& registered = *command.mutable_register_push()->mutable_device();
  registered.set_device(std::string(device));
  registered.mutable_fcm()->set_token(std::string(token));
  return command;
}

inline Command UnregisterPush(std::string_view user, std::string_view device) {
  Command command = AsMember(By(user));
  command.mutable_unregister_push()->set_device(std::string(device));
  return command;
}

// `device` empty: all; `room` empty: everything.
inline Command MutePush(std::string_view user, std::string_view device, std::string_view room,
                        uint64_t until_ms, uint64_t now_ms = 1000) {
  Command command = AsMember(By(user, now_ms));
  command.mutable_mute_push()->set_device(std::string(device));
  command.mutable_mute_push()->set_room(std::string(room));
  command.mutable_mute_push()->set_until_ms(until_ms);
  return command;
}

// `room` empty: of every room.
inline Command CreateWebhook(std::string_view webhook, std::string_view room = "") {
  Command command = By("admin");
  internal::v1::WebhookRecord& record = *command.mutable_create_webhook()->mutable_webhook();
  record.set_webhook(std::string(webhook));
  record.set_url("https://example.org/" + std::string(webhook));
  record.set_room(std::string(room));
  record.set_secret("whsec_c2VjcmV0");
  return command;
}

inline Command DeleteWebhook(std::string_view webhook) {
  Command command = By("admin");
  command.mutable_delete_webhook()->set_webhook(std::string(webhook));
  return command;
}

}  // namespace parley::testing
