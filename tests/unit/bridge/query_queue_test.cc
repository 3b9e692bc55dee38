#include "bridge/service/query_queue.h"

#include <thread>

#include <gtest/gtest.h>

#include "bridge/service/limits.h"

namespace parley::bridge {
namespace {

internal::v1::RequestEnvelope Request(const std::string& user, const std::string& payload = {}) {
  internal::v1::RequestEnvelope envelope;
  envelope.set_user(user);
  envelope.set_payload(payload);
  return envelope;
}

TEST(QueryQueue, FirstInFirstOut) {
  QueryQueue queue;
  ASSERT_TRUE(queue.Push(Request("alice", "1")));
  ASSERT_TRUE(queue.Push(Request("bob", "2")));
  EXPECT_EQ(queue.Pop()->envelope.payload(), "1");
  EXPECT_EQ(queue.Pop()->envelope.payload(), "2");
}

TEST(QueryQueue, OneUserDoesNotFillIt) {
  QueryQueue queue;
  for (size_t i = 0; i < limits::kQueriesPerUserMax; ++i) ASSERT_TRUE(queue.Push(Request("alice")));
  EXPECT_FALSE(queue.Push(Request("alice")));
  EXPECT_TRUE(queue.Push(Request("bob")));
  queue.Pop();
  EXPECT_TRUE(queue.Push(Request("alice")));
}

TEST(QueryQueue, IsBoundedInNumber) {
  QueryQueue queue;
  for (size_t i = 0; i < limits::kQueriesWaitingMax; ++i) {
    ASSERT_TRUE(queue.Push(Request("user" + std::to_string(i))));
  }
  EXPECT_FALSE(queue.Push(Request("one-more")));
}

TEST(QueryQueue, IsBoundedInBytes) {
  QueryQueue queue;
  const std::string large(limits::kQueryBytesWaitingMax / 8, 'x');
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(queue.Push(Request("alice", large)));
  EXPECT_FALSE(queue.Push(Request("bob", "x")));
  queue.Pop();
  EXPECT_TRUE(queue.Push(Request("bob", "x")));
}

TEST(QueryQueue, CloseWakesTheWorkerAndRefuses) {
  QueryQueue queue;
  std::thread worker([&] { EXPECT_FALSE(queue.Pop().has_value()); });
  queue.Close();
  worker.join();
  EXPECT_FALSE(queue.Push(Request("alice")));
}

}  // namespace
}  // namespace parley::bridge
