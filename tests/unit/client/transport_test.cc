#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "client/transport/backoff.h"
#include "client/transport/dispatch_queue.h"
#include "client/transport/mqtt_transport.h"

namespace parley::client {
namespace {

TEST(Backoff, DoublesUpToTheLast) {
  Backoff backoff(100, 1'000);
  int64_t expected = 100;
  for (int i = 0; i < 6; ++i) {
    const int64_t pause_ms = backoff.Next(static_cast<uint64_t>(i) * 0x9E3779B97F4A7C15u);
    EXPECT_GE(pause_ms, expected * 3 / 4);
    EXPECT_LE(pause_ms, expected * 5 / 4 + 1);
    expected = std::min<int64_t>(expected * 2, 1'000);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(0), 126);
}

TEST(DispatchQueue, KeepsTheOrder) {
  DispatchQueue queue(10, 100);
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.Push([&ran, i] { ran.push_back(i); }));
  for (auto& task : queue.Take(DispatchQueue::Clock::now())) task();
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
}

TEST(DispatchQueue, IsBoundedInItemsAndBytesButForTheUrgent) {
  DispatchQueue queue(2, 100);
  EXPECT_FALSE(queue.Push([] {}, 101));
  EXPECT_TRUE(queue.Push([] {}, 60));
  EXPECT_FALSE(queue.Push([] {}, 60));
  EXPECT_TRUE(queue.Push([] {}, 1));
  EXPECT_FALSE(queue.Push([] {}));
  queue.PushUrgent([] {});
  EXPECT_EQ(queue.Take(DispatchQueue::Clock::now()).size(), 3u);
  EXPECT_TRUE(queue.Push([] {}, 100));
}

TEST(DispatchQueue, ClosingWakesAndRefuses) {
  DispatchQueue queue(2, 100);
  std::thread closer([&queue] { queue.Close(); });
  EXPECT_TRUE(queue.Take(DispatchQueue::Clock::now() + std::chrono::seconds(30)).empty());
  closer.join();
  EXPECT_FALSE(queue.Push([] {}));
}

// Notes what a transport says.
class Listener : public MqttListener {
 public:
  void OnConnected(bool) override {}
  void OnConnectionLost(const Error&) override {}
  void OnGaveUp(const Error& why) override {
    const std::lock_guard lock(mutex_);
    gave_up_ = why;
    changed_.notify_all();
  }
  void OnMessage(MqttMessage) override {}
  void OnSubscribed(const std::string&, const Status&) override {}

  std::optional<Error> WaitForGivingUp() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return gave_up_.has_value(); });
    return gave_up_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Error> gave_up_;
};

MqttOptions NowhereFor(int64_t give_up_after_ms) {
  MqttOptions options;
  options.port = 1;  // nobody listens there
  options.client_id = "nobody";
  options.give_up_after_ms = give_up_after_ms;
  options.backoff_first_ms = 20;
  return options;
}

TEST(MqttTransport, GivesUpWhenNoBrokerAnswers) {
  Listener listener;
  MqttTransport transport(NowhereFor(100), listener);
  ASSERT_TRUE(transport.Start());
  const std::optional<Error> why = listener.WaitForGivingUp();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code, Code::UNAVAILABLE);
  EXPECT_FALSE(transport.connected());
}

TEST(MqttTransport, RefusesToPublishWithoutAConnection) {
  Listener listener;
  MqttTransport transport(NowhereFor(0), listener);
  ASSERT_TRUE(transport.Start());
  EXPECT_EQ(transport.Publish("t", "p", 1).error().code, Code::UNAVAILABLE);
  EXPECT_EQ(transport.Subscribe("t", 1).error().code, Code::UNAVAILABLE);
  EXPECT_EQ(transport.Unsubscribe("t").error().code, Code::UNAVAILABLE);
}

TEST(MqttTransport, RunsWhatIsPostedOnItsThreadUntilItStops) {
  Listener listener;
  MqttTransport transport(NowhereFor(0), listener);
  ASSERT_TRUE(transport.Start());
  std::mutex mutex;
  std::condition_variable changed;
  std::thread::id ran_on;
  ASSERT_TRUE(transport.Post([&] {
    const std::lock_guard lock(mutex);
    ran_on = std::this_thread::get_id();
    changed.notify_all();
  }));
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(
        changed.wait_for(lock, std::chrono::seconds(20), [&] { return ran_on != std::thread::id(); }));
    EXPECT_NE(ran_on, std::this_thread::get_id());
  }
  transport.Stop();
  transport.Stop();
  EXPECT_EQ(transport.Post([] {}).error().code, Code::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace parley::client
