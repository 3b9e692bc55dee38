#include <charconv>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <thread>

#include "client/api/fresh_client_id.h"
#include "client/cli/bench_options.h"
#include "client/cli/bench_report.h"
#include "client/cli/commands.h"
#include "client/cli/progress.h"
#include "client/cli/render.h"
#include "client/cli/report.h"

namespace parley::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kStep{50};
constexpr milliseconds kAckPatience{30'000};
constexpr milliseconds kDeliveryPatience{5'000};  // without a delivery
constexpr milliseconds kCatchUpPatience{30'000};

uint64_t MicrosSince(Clock::time_point then) {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - then);
  return passed.count() > 0 ? static_cast<uint64_t>(passed.count()) : 0;
}

// What all connections of a run count together. Any thread.
class Counts {
 public:
  void Sent() {
    Change([](BenchResult& r) { ++r.sent; });
  }
  void Acked(Clock::time_point due) {
    const uint64_t micros = MicrosSince(due);
    Change([&](BenchResult& r) {
      ++r.acked;
      r.ack.Add(micros);
    });
  }
  void Failed(const Error& why, bool refused) {
    Change([&](BenchResult& r) {
      ++(refused ? r.refused : r.no_ack);
      if (r.first_error.empty()) r.first_error = RenderError(why);
    });
  }
  void Delivered(uint64_t micros) {
    Change([&](BenchResult& r) {
      ++r.delivered;
      r.delivery.Add(micros);
    });
  }
  BenchResult Get() {
    const std::lock_guard lock(mutex_);
    return result_;
  }

 private:
  template <typename Change_>
  void Change(Change_ change) {
    const std::lock_guard lock(mutex_);
    change(result_);
  }
  std::mutex mutex_;
  BenchResult result_;  // guarded by mutex_
};

// "bench RUN MICROS …": a message of this run that was due MICROS after its start.
std::string TextOf(const std::string& run, Clock::time_point start, Clock::time_point due, size_t bytes) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(due - start);
  std::string text = "bench " + run + " " + std::to_string(micros.count()) + " ";
  text.resize(std::max(text.size(), bytes), '.');
  return text;
}

std::optional<Clock::time_point> DueOf(const std::string& run, Clock::time_point start,
                                       const std::string& text) {
  const std::string head = "bench " + run + " ";
  if (text.compare(0, head.size(), head) != 0) return std::nullopt;
  int64_t micros = 0;
  const char* begin = text.data() + head.size();
  if (std::from_chars(begin, text.data() + text.size(), micros).ec != std::errc()) return std::nullopt;
  return start + std::chrono::microseconds(micros);
}

// One run: its connections, and the threads that use them.
class Bench {
 public:
  Bench(const BenchOptions& options, const CommandContext& context, MqttOptions connection)
      : options_(options),
        context_(context),
        connection_(std::move(connection)),
        per_room_(options.rooms.size()) {}

  Status Connect() {
    for (size_t i = 0; i < options_.subscribers; ++i) {
      ClientOptions options;
      options.stream.rooms = StreamConfig::Rooms::kListed;
      options.stream.listed = {RoomOf(i)};
      if (Status added = Add(subscribers_, options); !added) return added;
    }
    for (size_t i = 0; i < options_.publishers; ++i) {
      ClientOptions options;
      options.window = options_.window;
      if (Status added = Add(publishers_, options); !added) return added;
    }
    for (const std::unique_ptr<Client>& subscriber : subscribers_) {
      if (Status ready = WaitCaughtUp(*subscriber); !ready) return ready;
    }
    return {};
  }

  BenchResult Run() {
    start_ = Clock::now();
    end_ = start_ + milliseconds(options_.duration_ms);
    std::vector<std::thread> senders;
    std::vector<std::thread> listeners;
    for (size_t i = 0; i < subscribers_.size(); ++i) listeners.emplace_back([this, i] { Listen(i); });
    for (size_t i = 0; i < publishers_.size(); ++i) senders.emplace_back([this, i] { Send(i); });
    ShowProgress();
    for (std::thread& sender : senders) sender.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const uint64_t expected = Expected();
    WaitDelivered(expected);
    done_ = true;
    for (std::thread& listener : listeners) listener.join();
    publishers_.clear();  // what is still without an ack is counted here
    BenchResult result = counts_.Get();
    result.seconds = seconds;
    result.missing = expected > result.delivered ? expected - result.delivered : 0;
    return result;
  }

 private:
  const std::string& RoomOf(size_t connection) const {
    return options_.rooms[connection % options_.rooms.size()];
  }

  Status Add(std::vector<std::unique_ptr<Client>>& clients, ClientOptions options) {
    options.mqtt = connection_;
    options.mqtt.client_id = FreshClientId();
    options.interrupted = &context_.interrupted;
    Result<std::unique_ptr<Client>> client = Client::Connect(options);
    if (!client) return std::move(client).error();
    clients.push_back(std::move(*client));
    return {};
  }

  static Status WaitCaughtUp(Client& client) {
    const Clock::time_point deadline = Clock::now() + kCatchUpPatience;
    while (Clock::now() < deadline) {
      Result<std::optional<Client::StreamItem>> item = client.Next(kStep.count());
      if (!item) return std::move(item).error();
      if (*item && std::holds_alternative<CaughtUp>(**item)) return {};
      if (*item && std::holds_alternative<Notice>(**item)) return std::get<Notice>(**item).what;
    }
    return Error{Code::UNAVAILABLE, "a subscriber did not get the head of its room"};
  }

  // A publisher's thread: at most a window of messages on the way.
  void Send(size_t index) {
    std::mutex mutex;
    std::condition_variable changed;
    size_t on_the_way = 0;
    uint64_t number = 0;
    while (!context_.interrupted) {
      Clock::time_point due = Clock::now();
      if (options_.rate > 0) {
        due = start_ + std::chrono::microseconds(number * 1'000'000 / options_.rate);
        if (due >= end_) break;
        SleepUntil(due);
      }
      std::unique_lock lock(mutex);
      while (on_the_way >= options_.window && !context_.interrupted && Clock::now() < end_) {
        changed.wait_for(lock, kStep);
      }
      if (Clock::now() >= end_ || context_.interrupted) break;
      if (options_.rate == 0) due = Clock::now();
      ++on_the_way;
      ++number;
      lock.unlock();
      counts_.Sent();
      v1::Draft draft;
      draft.mutable_text()->set_text(TextOf(run_, start_, due, options_.message_bytes));
      publishers_[index]->StartSend(RoomOf(index), std::move(draft), 1,
                                    [&, due, index](const Result<v1::Ack>& outcome) {
                                      Acknowledged(index, due, outcome);
                                      const std::lock_guard back(mutex);
                                      --on_the_way;
                                      changed.notify_all();
                                    });
    }
    std::unique_lock lock(mutex);
    const Clock::time_point deadline = Clock::now() + kAckPatience;
    while (on_the_way > 0 && Clock::now() < deadline && !context_.interrupted) changed.wait_for(lock, kStep);
    lock.unlock();
    publishers_[index].reset();  // no callback after this function
  }

  void SleepUntil(Clock::time_point due) const {
    while (!context_.interrupted && Clock::now() < due) {
      std::this_thread::sleep_until(std::min(due, Clock::now() + kStep));
    }
  }

  void Acknowledged(size_t index, Clock::time_point due, const Result<v1::Ack>& outcome) {
    if (!outcome) return counts_.Failed(outcome.error(), /*refused=*/false);
    if (outcome->code() != v1::OK) {
      return counts_.Failed({outcome->code(), outcome->reason()}, /*refused=*/true);
    }
    counts_.Acked(due);
    ++per_room_[index % options_.rooms.size()];
  }

  // A subscriber's thread.
  void Listen(size_t index) {
    while (!done_) {
      Result<std::optional<Client::StreamItem>> item = subscribers_[index]->Next(kStep.count());
      if (!item) return;
      const auto* event = *item ? std::get_if<v1::Event>(&**item) : nullptr;
      if (event == nullptr || !event->has_text()) continue;
      if (const auto due = DueOf(run_, start_, event->text().text())) counts_.Delivered(MicrosSince(*due));
    }
  }

  // Each acked message goes to every subscriber of its room.
  uint64_t Expected() const {
    uint64_t expected = 0;
    for (size_t i = 0; i < options_.subscribers; ++i) expected += per_room_[i % options_.rooms.size()];
    return expected;
  }

  void WaitDelivered(uint64_t expected) {
    uint64_t before = 0;
    Clock::time_point deadline = Clock::now() + kDeliveryPatience;
    while (!context_.interrupted && Clock::now() < deadline) {
      const uint64_t now = counts_.Get().delivered;
      if (now >= expected) return;
      if (now > before) deadline = Clock::now() + kDeliveryPatience;
      before = now;
      std::this_thread::sleep_for(kStep);
    }
  }

  void ShowProgress() {
    Progress progress(Progress::Output::kAtTheEnd);
    while (!context_.interrupted && Clock::now() < end_) {
      std::this_thread::sleep_until(std::min(end_, Clock::now() + kStep));
      const BenchResult now = counts_.Get();
      const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
      const auto rate = static_cast<uint64_t>(static_cast<double>(now.acked) / seconds);
      progress.Show(std::to_string(static_cast<uint64_t>(seconds)) + " s: " + std::to_string(now.acked) +
                    " acknowledged, " + std::to_string(rate) + " a second, " + std::to_string(now.delivered) +
                    " delivered, errors " + std::to_string(now.refused + now.no_ack));
    }
  }

  const BenchOptions& options_;
  const CommandContext& context_;
  const MqttOptions connection_;
  const std::string run_ = FreshClientId();
  Clock::time_point start_;
  Clock::time_point end_;
  std::atomic<bool> done_{false};
  Counts counts_;
  std::vector<std::atomic<uint64_t>> per_room_;  // acked messages
  std::vector<std::unique_ptr<Client>> subscribers_;
  std::vector<std::unique_ptr<Client>> publishers_;
};

}  // namespace

int RunBench(const CommandContext& context) {
  Result<BenchOptions> options = ParseBenchOptions(context.words);
  if (!options) return UsageError("parley bench", options.error());
  const bool json = options->global.json;
  if (options->global.help) return ShowHelp(BenchHelp());
  Result<MqttOptions> connection = ResolveConnection(options->global, context.environment);
  if (!connection) return Fail(connection.error(), json);
  Bench bench(*options, context, *connection);
  if (Status connected = bench.Connect(); !connected) return FailAs(connected.error(), json, context);
  const BenchResult result = bench.Run();
  if (json) {
    PrintLine(BenchJson(result));
  } else {
    for (const std::string& line : RenderBench(result)) PrintLine(line);
  }
  if (context.interrupted) return kExitInterrupted;
  const bool failed = result.refused + result.no_ack + result.missing > 0;
  return failed ? Describe(Code::UNAVAILABLE).exit_code : 0;
}

}  // namespace parley::client
