#include "tests/unit/core_reader/tiny_store.h"

#include <stdexcept>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace parley::testing {

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "parley-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TinyStore::TinyStore() : path_(folder_.path("store")) {
  Reopen();
}

TinyStore::~TinyStore() = default;

void TinyStore::Close() {
  writer_.reset();
}

void TinyStore::Reopen() {
  Close();
  auto writer = store::StoreWriter::Open(path_, {});
  if (!writer) throw std::runtime_error(writer.error().reason);
  writer_ = *std::move(writer);
  Result<store::Loaded> loaded = writer_->Load();
  if (!loaded) throw std::runtime_error(loaded.error().reason);
  applied_ = loaded->applied;
  machine_ = domain::StateMachine(std::move(loaded->directory), std::move(loaded->heads));
}

void TinyStore::EndBatch() {
  batching_ = false;
  if (writer_->Write() != store::Commit::kDone) throw std::runtime_error(writer_->failure());
}

LogIndex TinyStore::Apply(domain::Command command) {
  command.set_wall_ms(now_ms);
  command.set_log_time_ms(now_ms);
  ++applied_.value;
  domain::Known known;
  if (const std::optional<domain::CursorKey> key = machine_.CursorKeyOf(command)) {
    known.cursor = writer_->FindCursor(*key).value();
  }
  if (const std::optional<Uid> owner = machine_.PushOwnerOf(command)) {
    known.push = writer_->FindPush(*owner).value();
  }
  const domain::Applied applied = machine_.Apply(applied_, command, known);
  const Code code = applied.ack ? applied.ack->code() : applied.code;
  EXPECT_EQ(code, Code::OK) << (applied.ack ? applied.ack->reason() : applied.reason);
  writer_->Add(applied, command);
  if (!batching_) EndBatch();
  return applied_;
}

LogIndex TinyStore::CreateUser(const std::string& user) {
  domain::Command command;
  command.mutable_create_user()->set_username(user);
  return Apply(std::move(command));
}

LogIndex TinyStore::DeleteUser(const std::string& user) {
  domain::Command command;
  command.mutable_delete_user()->set_username(user);
  return Apply(std::move(command));
}

LogIndex TinyStore::CreateRoom(const std::string& room, const Members& members, v1::Room::History history,
                               const std::string& title) {
  domain::Command command;
  internal::v1::CreateRoom& create = *command.mutable_create_room();
  create.set_room(room);
  create.set_kind(v1::Room::GROUP);
  create.set_title(title);
  create.set_history(history);
  for (const auto& [user, role] : members) {
    internal::v1::RoomMember& member = *create.add_members();
    member.set_user(user);
    member.set_role(role);
  }
  return Apply(std::move(command));
}

LogIndex TinyStore::Add(const std::string& room, const std::string& user, domain::Role role) {
  domain::Command command;
  command.mutable_add_member()->set_room(room);
  command.mutable_add_member()->mutable_member()->set_user(user);
  command.mutable_add_member()->mutable_member()->set_role(role);
  return Apply(std::move(command));
}

LogIndex TinyStore::Remove(const std::string& room, const std::string& user) {
  domain::Command command;
  command.mutable_remove_member()->set_room(room);
  command.mutable_remove_member()->set_user(user);
  return Apply(std::move(command));
}

LogIndex TinyStore::SetRole(const std::string& room, const std::string& user, domain::Role role) {
  domain::Command command;
  command.mutable_set_member_role()->set_room(room);
  command.mutable_set_member_role()->mutable_member()->set_user(user);
  command.mutable_set_member_role()->mutable_member()->set_role(role);
  return Apply(std::move(command));
}

LogIndex TinyStore::Mention(const std::string& room, const std::string& sender,
                            const std::vector<std::string>& users) {
  domain::Command command;
  command.mutable_origin()->set_user(sender);
  command.mutable_origin()->set_client(sender + "-1");
  command.mutable_send()->set_room(room);
  command.mutable_send()->mutable_draft()->mutable_text()->set_text("you there?");
  for (const std::string& user : users) command.mutable_send()->mutable_draft()->add_mentions(user);
  return Apply(std::move(command));
}

LogIndex TinyStore::Read(const std::string& room, const std::string& user, uint64_t read,
                         uint64_t delivered) {
  domain::Command command;
  command.mutable_origin()->set_user(user);
  command.mutable_origin()->set_client(user + "-1");
  command.mutable_move_cursor()->set_room(room);
  command.mutable_move_cursor()->set_read(read);
  command.mutable_move_cursor()->set_delivered(delivered);
  return Apply(std::move(command));
}

LogIndex TinyStore::DeleteRoom(const std::string& room) {
  domain::Command command;
  command.mutable_delete_room()->set_room(room);
  return Apply(std::move(command));
}

LogIndex TinyStore::Say(const std::string& room, const std::string& sender, const std::string& text) {
  domain::Command command;
  command.mutable_origin()->set_user(sender);
  command.mutable_origin()->set_client(sender + "-1");
  command.mutable_send()->set_room(room);
  command.mutable_send()->mutable_draft()->mutable_text()->set_text(text);
  return Apply(std::move(command));
}

}  // namespace parley::testing
