#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/domain/state_machine.h"
#include "core/store/store_reader.h"
#include "core/store/store_writer.h"

namespace parley::testing {

// A folder of its own under the system's folder for temporary files; gone with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string path(const std::string& name = {}) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A real small store, filled through the real state machine and the real writer. A command that is refused
// fails the test.
class TinyStore {
 public:
  TinyStore();
  ~TinyStore();

  using Members = std::vector<std::pair<std::string, domain::Role>>;
  LogIndex CreateUser(const std::string& user);
  LogIndex DeleteUser(const std::string& user);
  LogIndex CreateRoom(const std::string& room, const Members& members,
                      v1::Room::History history = v1::Room::ALL, const std::string& title = {});
  LogIndex Add(const std::string& room, const std::string& user, domain::Role role = v1::Member::MEMBER);
  LogIndex Remove(const std::string& room, const std::string& user);
  LogIndex SetRole(const std::string& room, const std::string& user, domain::Role role);
  LogIndex Say(const std::string& room, const std::string& sender, const std::string& text = "hi");

  // A message that names others.
  LogIndex Mention(const std::string& room, const std::string& sender, const std::vector<std::string>& users);
  LogIndex Read(const std::string& room, const std::string& user, uint64_t read, uint64_t delivered = 0);

  LogIndex DeleteRoom(const std::string& room);
  // Any other command.
  LogIndex Apply(domain::Command command);

  // What is applied between these two becomes one batch.
  void BeginBatch() { batching_ = true; }
  void EndBatch();

  // A view of what is written.
  std::unique_ptr<store::StoreView> View() { return writer_->View(); }
  LogIndex applied() const { return applied_; }
  const std::string& path() const { return path_; }
  std::string scratch() const { return folder_.path("scratch"); }

  // The writer stops, and starts again on the same folder.
  void Close();
  void Reopen();

  uint64_t now_ms = 1'000'000;  // of the next command

 private:
  TempFolder folder_;
  const std::string path_;
  std::unique_ptr<store::StoreWriter> writer_;
  domain::StateMachine machine_;
  LogIndex applied_;
  bool batching_ = false;
};

}  // namespace parley::testing
