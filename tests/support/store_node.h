#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/store/store_writer.h"

namespace parley::testing {

// A store and the state machine that it was loaded into: what a commit thread holds, without the thread.
class StoreNode {
 public:
  // Throws what Open() or Load() said.
  explicit StoreNode(const std::string& path, rocksdb::Env* env = nullptr) {
    Result<std::unique_ptr<store::StoreWriter>> writer = store::StoreWriter::Open(
        path, [](const auto&) {}, env);
    if (!writer) throw std::runtime_error(writer.error().reason);
    writer_ = std::move(*writer);
    Result<store::Loaded> loaded = writer_->Load();
    if (!loaded) throw std::runtime_error(loaded.error().reason);
    applied_ = loaded->applied;
    machine_ = domain::StateMachine(std::move(loaded->directory), std::move(loaded->heads));
  }

  domain::Applied Apply(const domain::Command& command) {
    domain::Known known;
    if (const std::optional<domain::DedupKey> key = machine_.DedupKeyOf(command)) {
      known.dedup = writer_->FindDedup(*key).value();
    }
    if (const std::optional<domain::CursorKey> key = machine_.CursorKeyOf(command)) {
      known.cursor = writer_->FindCursor(*key).value();
    }
    if (const std::optional<Uid> owner = machine_.PushOwnerOf(command)) {
      known.push = writer_->FindPush(*owner).value();
    }
    applied_ = {applied_.value + 1};
    domain::Applied applied = machine_.Apply(applied_, command, known);
    writer_->Add(applied, command);
    return applied;
  }
  store::Commit Write() { return writer_->Write(); }

  LogIndex applied() const { return applied_; }
  store::StoreWriter& writer() { return *writer_; }
  const domain::StateMachine& machine() const { return machine_; }

 private:
  std::unique_ptr<store::StoreWriter> writer_;
  domain::StateMachine machine_;
  LogIndex applied_;
};

}  // namespace parley::testing
