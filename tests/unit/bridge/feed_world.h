#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/feed/feed.h"
#include "bridge/feed/runner.h"
#include "core/store/local_store.h"
#include "tests/unit/core_reader/tiny_store.h"

namespace parley::testing {

// Views of a tiny store in this process.
class TinyReader final : public store::StoreReader {
 public:
  explicit TinyReader(TinyStore& store) : store_(&store) {}
  void Read(TinyStore& other) { store_ = &other; }

  Result<std::unique_ptr<store::StoreView>> View(LogIndex at_least) override {
    if (store_->applied() < at_least) return Error{Code::UNAVAILABLE, "not there yet"};
    return store_->View();
  }

 private:
  TinyStore* store_;
};

// A consumer that does as it is told: counts in a row of its own, publishes each index.
class ScriptedConsumer final : public bridge::FeedConsumer {
 public:
  std::string_view name() const override { return "scripted"; }
  Begin begin() const override { return begins; }

  bridge::Handled Handle(const store::FeedEntry& entry, const bridge::FeedContext& /*context*/,
                         bridge::FeedEffects& effects) override {
    tried.push_back(entry.index.value);
    const std::string row = effects.Get("seen").value().value_or("");
    effects.Put("seen", row + std::to_string(entry.index.value) + " ");
    for (size_t i = 0; i < rows_each; ++i) {
      effects.Put(std::to_string(entry.index.value) + "-" + std::to_string(i), {});
    }
    if (publishes) effects.Publish({"t", std::to_string(entry.index.value), 0}, key);
    if (const auto told = answers.find(entry.index.value); told != answers.end()) return told->second;
    return bridge::Handled::Done();
  }

  std::map<uint64_t, bridge::Handled> answers;  // to entries; the others are done
  std::vector<uint64_t> tried;
  Begin begins = Begin::kFirstEntry;
  size_t rows_each = 0;  // for each entry, besides
  bool publishes = false;
  std::string key;  // of what is published
};

// A runner on real small stores, with time and the broker in the test's hand.
class FeedWorld {
 public:
  FeedWorld() {
    auto opened = store::LocalStore::Open(folder_.path("local"), {});
    if (!opened) throw std::runtime_error(opened.error().reason);
    local = *std::move(opened);
    reader = std::make_unique<TinyReader>(tiny);
  }

  // A new process: what the old one had in memory is gone.
  bridge::FeedRunner& Start(bridge::FeedConsumer& consumer) {
    runner = std::make_unique<bridge::FeedRunner>(
        bridge::FeedParts{.reader = *reader,
                          .local = *local,
                          .head = head,
                          .publish =
                              [this](const bridge::FeedPublication& publication) {
                                if (publish_fails_after == 0) return Status(Error{Code::UNAVAILABLE, "away"});
                                --publish_fails_after;
                                published.push_back(publication.payload);
                                return Status();
                              },
                          .log = [this](const std::string& line) { said.push_back(line); },
                          .clock = [this] { return now; },
                          .random = [] { return uint64_t{0}; }},
        consumer);
    if (Status loaded = runner->Load(); !loaded) throw std::runtime_error(loaded.error().reason);
    return *runner;
  }

  // The plugin says that all of the tiny store is on disk.
  void HearAll() { head.Heard(tiny.applied(), now.steady_ms); }

  // Steps, and lets time pass between them, until nothing is left to do for an idle while.
  void Settle() {
    for (int i = 0; i < 2'000; ++i) {
      const int64_t again_ms = runner->Step();
      const bool idle = again_ms - now.steady_ms >= 900;
      now.steady_ms = std::max(now.steady_ms, again_ms);
      if (idle) return;
    }
    throw std::runtime_error("it does not come to rest");
  }

  // What the scripted consumer has seen, as its row says.
  std::string Seen() const {
    return local->Get(bridge::OwnRowsPrefix("scripted") + "seen").value().value_or("");
  }

  TinyStore tiny;
  std::unique_ptr<store::LocalStore> local;
  std::unique_ptr<TinyReader> reader;
  bridge::FeedHead head;
  std::unique_ptr<bridge::FeedRunner> runner;
  bridge::FeedTime now{1'000, 5'000};
  std::vector<std::string> published;
  std::vector<std::string> said;
  int publish_fails_after = -1;  // publications; negative: never

 private:
  TempFolder folder_;
};

}  // namespace parley::testing
