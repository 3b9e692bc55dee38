// Cuts the power under the real log: intake journal, commit thread, state machine and store in one process,
// on a disk that forgets what was not synced. After each cut it opens what survived and compares it with what
// had been reported, and with a model that was told the same commands.
//
//     power_cut [--cuts 200] [--seed N]       (PARLEY_TEST_SEED is the default seed)
//
// Exit code 1 and one line when a promise is broken.
#include <charconv>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <rocksdb/env.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/log/local_log.h"
#include "core/store/keys.h"
#include "tests/support/fault_env.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/journal_disk.h"
#include "tests/support/machine.h"
#include "tests/support/random_commands.h"
#include "tests/support/store_dump.h"
#include "tests/support/store_node.h"
#include "tests/support/temp_folder.h"

namespace parley::testing {
namespace {

constexpr uint64_t kRing = uint64_t{128} * 1024;  // a few laps in each life
constexpr int kCutsOfALife = 12;

// The journal of this process, for msync() below.
JournalDisk* journal_disk = nullptr;

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};
void Check(bool holds, const std::string& otherwise) {
  if (!holds) throw Violation(otherwise);
}

using Place = std::pair<uint64_t, uint64_t>;  // rid, seq

std::string At(Place place) {
  return "room " + std::to_string(place.first) + " seq " + std::to_string(place.second);
}

// What the clients of this log were told, over all its incarnations. Thread-safe.
class Told final : public log::LogListener {
 public:
  void OnCommitted(log::CommittedBatch batch) override {
    const std::lock_guard lock(mutex_);
    for (domain::Applied& applied : batch.applied) {
      if (applied.index.value != last_ + 1)
        wrong_ = "index " + std::to_string(applied.index.value) + " came after " + std::to_string(last_);
      last_ = applied.index.value;
      if (applied.ack) acks_[last_] = applied.ack->SerializeAsString();
      for (const domain::NewEvent& event : applied.events)
        Note({event.rid.value, event.seq.value}, event.bytes);
    }
  }
  void OnFailed(const Error& reason) override {
    const std::lock_guard lock(mutex_);
    failure_ = reason.reason;
  }

  // Someone has read this event.
  void Seen(Place place, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    Note(place, bytes);
  }
  // A new incarnation begins after `index`.
  void StartAt(uint64_t index) {
    const std::lock_guard lock(mutex_);
    last_ = index;
  }

  uint64_t last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  std::string wrong() const {
    const std::lock_guard lock(mutex_);
    return wrong_;
  }
  std::string TakeFailure() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failure_, {});
  }
  std::map<uint64_t, std::string> acks() const {
    const std::lock_guard lock(mutex_);
    return acks_;
  }

 private:
  void Note(Place place, const std::string& bytes) {
    const auto [seen, fresh] = events_.emplace(place, bytes);
    if (!fresh && seen->second != bytes) wrong_ = At(place) + " is two events";
  }

  mutable std::mutex mutex_;
  uint64_t last_ = 0;
  std::map<Place, std::string> events_;
  std::map<uint64_t, std::string> acks_;  // by index
  std::string wrong_;
  std::string failure_;
};

// One store, from its making through some power cuts to its end.
class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed), commands_(seed + 1) {}

  void Run(int cuts) {
    for (int cut = 0; cut < cuts; ++cut) {
      Incarnation(true);
      disk_->PowerOn(random_);
      journal_disk_.PowerOn(random_);
    }
    Incarnation(false);
    CompareWithAStoreThatNeverFailed();
  }

  uint64_t commands() const { return log_.size(); }
  uint64_t starts_cut() const { return starts_cut_; }
  uint64_t recovered() const { return recovered_; }

 private:
  // Opens, audits, works until the power goes (or for a while), and ends.
  void Incarnation(bool cut) {
    journal_disk = &journal_disk_;
    // About one in four cuts falls into the start, which recovers.
    if (cut) disk_->CutAfter(static_cast<int>(1 + random_.Below(random_.OneIn(3) ? 90 : 250)));
    const log::LocalLog::Options options{
        .store_path = store_, .journal_path = journal_, .journal_bytes = kRing, .log = [](const auto&) {}};
    auto writer =
        store::StoreWriter::Open(store_, options.log, env_.get(), log::LocalLog::MayChangeStore(options));
    if (!writer) return StartFailed(writer.error());
    store::StoreWriter& reader = **writer;
    log::LocalLog::Opened opened;
    auto log = log::LocalLog::Open(options, std::move(*writer), opened);
    if (!log) return StartFailed(log.error());
    recovered_ += opened.recovered;
    Audit(reader, opened.applied.value);
    told_.StartAt(opened.applied.value);
    if (cut && random_.OneIn(3)) {
      // Soon after the start, with much under way: what the journal holds of it may be there later, in part.
      Append(**log, random_.Below(300));
      disk_->CutAfter(static_cast<int>(1 + random_.Below(5)));
    }
    (*log)->Start(told_);
    const uint64_t end = log_.size() + 1 + random_.Below(400);
    while (!disk_->is_off() && (cut || log_.size() < end)) Work(**log);
    (*log)->Stop();
    const std::string failure = told_.TakeFailure();
    Check(failure.empty() || disk_->is_off(), "the log failed though there was power: " + failure);
    Check(told_.wrong().empty(), told_.wrong());
  }

  // A broker's loop pass: a few messages, then they are sealed.
  void Work(log::LocalLog& log) {
    Append(log, random_.Below(6));
    log.Seal();
    if (random_.OneIn(3)) std::this_thread::yield();
    log.Release(LogIndex{told_.last()});
    if (random_.OneIn(50)) journal_disk_.WriteBack(random_);
  }

  void Append(log::LocalLog& log, uint64_t commands) {
    for (; commands > 0; --commands) {
      const domain::Command command = commands_.Next();
      const Result<LogIndex> index = log.Append(command);
      if (!index) break;  // the ring is full, or the power is off
      Check(index->value == log_.size() + 1, "a command got index " + std::to_string(index->value) +
                                                 ", not " + std::to_string(log_.size() + 1));
      log_.push_back(command);
    }
  }

  void StartFailed(const Error& error) {
    ++starts_cut_;
    Check(disk_->is_off(), "a start was refused after a power cut: " + error.reason);
  }

  // What survived: all that was told, nothing that was not sent, every row of the commands that it says it
  // has.
  void Audit(store::StoreWriter& writer, uint64_t applied) {
    Check(applied >= told_.last(), "the store ends at log index " + std::to_string(applied) + ", but " +
                                       std::to_string(told_.last()) + " was reported as committed");
    Check(applied <= log_.size(), "the store has log index " + std::to_string(applied) + ", but only " +
                                      std::to_string(log_.size()) + " commands are of this history");
    log_.resize(applied);  // the rest is lost: it was not reported
    Machine model;
    std::map<uint64_t, std::map<uint64_t, std::string>> rooms;
    const std::map<uint64_t, std::string> acks = told_.acks();
    for (const domain::Command& command : log_) {
      const domain::Applied made = model.Do(command);
      for (const domain::NewEvent& event : made.events) rooms[event.rid.value][event.seq.value] = event.bytes;
      const auto ack = acks.find(made.index.value);
      Check(ack == acks.end() || (made.ack && made.ack->SerializeAsString() == ack->second),
            "the ack of log index " + std::to_string(made.index.value) + " would be another one now");
    }
    const std::set<uint64_t> alive = RoomsOf(model.directory());
    const std::unique_ptr<store::StoreView> view = writer.View();
    for (const auto& [rid, events] : rooms) {
      if (!alive.contains(rid)) continue;  // deleted: its events are freed in pieces
      const Result<Seq> head = view->Head(Rid{rid});
      Check(head && head->value == events.rbegin()->first,
            "the head of room " + std::to_string(rid) + " is wrong");
      const auto rows = view->Events(Rid{rid}, {.first = Seq{1},
                                                .last = Seq{UINT64_MAX},
                                                .limit = SIZE_MAX,
                                                .bytes_max = SIZE_MAX,
                                                .keep = store::StoreView::Keep::kOldest});
      Check(rows.has_value(), "room " + std::to_string(rid) + ": " + (rows ? "" : rows.error().reason));
      Check(rows->size() == events.size() && events.begin()->first == 1,
            "room " + std::to_string(rid) + " has " + std::to_string(rows->size()) + " events, not " +
                std::to_string(events.size()));
      for (const store::StoredEvent& row : *rows) {
        const Place place{rid, row.seq.value};
        Check(events.at(row.seq.value) == row.bytes, At(place) + " holds another event");
        told_.Seen(place, row.bytes);
      }
    }
    Check(told_.wrong().empty(), told_.wrong());
  }

  static std::set<uint64_t> RoomsOf(const domain::Directory& directory) {
    std::set<uint64_t> rids;
    for (const domain::Room* room : directory.RoomsByName()) rids.insert(room->record.rid());
    return rids;
  }

  // Row for row, but for what is freed at some time: dedupe when a compaction passes, a deleted room's events
  // and mentions with the batches that follow.
  void CompareWithAStoreThatNeverFailed() {
    const std::string reference = folder_ / "reference";
    std::set<uint64_t> alive;
    {
      StoreNode node(reference);
      for (const domain::Command& command : log_) node.Apply(command);
      if (node.Write() != store::Commit::kDone)
        throw std::runtime_error("the reference store cannot be written");
      alive = RoomsOf(node.machine().directory());
    }
    const auto freed = [&](const std::string& key) {
      for (const std::string_view of_a_room : {"events ", "state n"}) {
        if (!key.starts_with(of_a_room)) continue;
        return !alive.contains(*store::ParseBigEndian64(std::string_view(key).substr(of_a_room.size(), 8)));
      }
      return key.starts_with("dedup ") || key.starts_with("state y");
    };
    const auto rows = [&](const std::string& path) {
      std::map<std::string, std::string> found = DumpStore(path);
      std::erase_if(found, [&](const auto& row) { return freed(row.first); });
      return found;
    };
    const auto expected = rows(reference);
    const auto survived = rows(store_);
    for (const auto& [key, value] : expected) {
      const auto row = survived.find(key);
      Check(row != survived.end() && row->second == value,
            "a row of " + key.substr(0, 7) + " is missing or differs");
    }
    Check(survived.size() == expected.size(), "the store has rows that nobody wrote");
  }

  Random random_;
  RandomCommands commands_;
  const TempFolder folder_;
  const std::string store_ = folder_ / "store";
  const std::string journal_ = folder_ / "journal";
  const std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = std::make_unique<FaultEnv>(disk_);
  JournalDisk journal_disk_{journal_};
  std::vector<domain::Command> log_;  // by index − 1: this history's commands
  Told told_;
  uint64_t starts_cut_ = 0;
  uint64_t recovered_ = 0;
};

int Run(int cuts, uint64_t seed) {
  std::cout << "power_cut --cuts " << cuts << " --seed " << seed << std::endl;
  uint64_t commands = 0;
  uint64_t starts_cut = 0;
  uint64_t recovered = 0;
  for (int done = 0; done < cuts; done += kCutsOfALife) {
    Life life(seed + static_cast<uint64_t>(done));
    try {
      life.Run(std::min(kCutsOfALife, cuts - done));
    } catch (const Violation& violation) {
      std::cout << "VIOLATION in the life after cut " << done << ": " << violation.what()
                << "\nagain with --seed " << seed << " --cuts " << cuts << std::endl;
      return 1;
    }
    commands += life.commands();
    starts_cut += life.starts_cut();
    recovered += life.recovered();
  }
  std::cout << cuts << " cuts, " << starts_cut << " of them in a start; " << commands
            << " commands survived, " << recovered << " of them from the journal: no violation" << std::endl;
  return 0;
}

uint64_t Number(const char* text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), number);
  if (error != std::errc() || *end != '\0') throw std::invalid_argument(std::string(text) + " is no number");
  return number;
}

}  // namespace
}  // namespace parley::testing

// In place of the C library's: the header page of the mapped journal goes to the journal's disk. (LocalLog
// syncs nothing else by msync, and the mapping begins with the file.)
extern "C" int msync(void* address, size_t bytes, int flags) {
  if (parley::testing::journal_disk != nullptr) parley::testing::journal_disk->Synced(0, bytes);
  return static_cast<int>(::syscall(SYS_msync, address, bytes, flags));
}

int main(int argc, char** argv) {
  try {
    uint64_t cuts = 200;
    uint64_t seed = parley::testing::Seed();
    for (int i = 1; i < argc; i += 2) {
      const std::string name = argv[i];
      if (i + 1 == argc || (name != "--cuts" && name != "--seed")) {
        std::cerr << "usage: power_cut [--cuts N] [--seed N]\n";
        return 2;
      }
      (name == "--cuts" ? cuts : seed) = parley::testing::Number(argv[i + 1]);
    }
    return parley::testing::Run(static_cast<int>(cuts), seed);
  } catch (const std::exception& error) {
    std::cerr << "power_cut: " << error.what() << "\n";
    return 2;
  }
}
