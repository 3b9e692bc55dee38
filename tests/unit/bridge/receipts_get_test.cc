#include "bridge/receipts/receipts_get.h"

#include <map>

#include <gtest/gtest.h>

#include "bridge/receipts/readers.h"
#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

constexpr auto kMember = v1::Member::MEMBER;

class ReceiptsGetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* user : {"alice", "bob", "carol", "mallory"}) store_.CreateUser(user);
    store_.CreateRoom("lobby", {{"alice", kMember}, {"bob", kMember}, {"carol", v1::Member::READER}});
    store_.Say("lobby", "alice");  // 2
    store_.Say("lobby", "bob");    // 3
  }

  Result<v1::ReceiptsGetReply> Get(const std::string& user, const std::string& room, uint64_t seq = 0,
                                   uint32_t limit = 0, const std::string& page = {}, Budget budget = {}) {
    v1::ReceiptsGetRequest request;
    request.set_room(room);
    request.set_seq(seq);
    request.set_limit(limit);
    request.set_page(page);
    return ReceiptsGet(request, *store_.View(), {UserId::Trusted(user)}, budget);
  }
  Code CodeOf(const Result<v1::ReceiptsGetReply>& reply) { return reply ? Code::OK : reply.error().code; }

  testing::TinyStore store_;
};

TEST_F(ReceiptsGetTest, WhoHasReadAnEvent) {
  store_.Read("lobby", "bob", 2, 3);
  store_.Read("lobby", "carol", 3);
  const auto reply = Get("alice", "lobby", 2);
  ASSERT_TRUE(reply) << reply.error().reason;
  EXPECT_EQ(reply->seq(), 2u);
  EXPECT_EQ(reply->members(), 3u);
  EXPECT_EQ(reply->read_by(), 2u);
  EXPECT_EQ(reply->delivered_to(), 2u);
  EXPECT_FALSE(reply->counts_only());
  ASSERT_EQ(reply->receipts_size(), 3);
  const v1::Receipt& bob = reply->receipts(1);
  EXPECT_EQ(bob.user(), "bob");
  EXPECT_EQ(bob.room(), "lobby");
  EXPECT_EQ(bob.read(), 2u);
  EXPECT_EQ(bob.delivered(), 3u);
  EXPECT_GT(bob.ts_ms(), 0u);
  EXPECT_EQ(reply->receipts(0).read(), 0u) << "to send is not to read";

  const auto head = Get("alice", "lobby");
  EXPECT_EQ(head->seq(), 3u);
  EXPECT_EQ(head->read_by(), 1u);
  EXPECT_EQ(head->delivered_to(), 2u);
}

TEST_F(ReceiptsGetTest, OnlyThoseCountWhoMaySeeIt) {
  store_.CreateRoom("since", {{"alice", kMember}, {"bob", kMember}}, v1::Room::SINCE_JOIN);
  store_.Say("since", "alice");  // 2
  store_.Add("since", "carol");  // 3
  store_.Read("since", "carol", 3);
  EXPECT_EQ(Get("alice", "since", 2)->members(), 2u);
  EXPECT_EQ(Get("alice", "since", 2)->read_by(), 0u);
  EXPECT_EQ(Get("alice", "since", 3)->members(), 3u);
  EXPECT_EQ(Get("alice", "since", 3)->read_by(), 1u);
  EXPECT_EQ(CodeOf(Get("carol", "since", 2)), Code::NOT_FOUND);
  store_.Remove("since", "bob");
  EXPECT_EQ(Get("alice", "since", 2)->members(), 1u);
}

TEST_F(ReceiptsGetTest, WhatIsNotThereAndWhoMayNotAsk) {
  EXPECT_EQ(CodeOf(Get("mallory", "lobby", 2)), Code::PERMISSION_DENIED);
  EXPECT_EQ(CodeOf(Get("alice", "lobby", 4)), Code::NOT_FOUND);
  EXPECT_EQ(CodeOf(Get("alice", "none", 1)), Code::NOT_FOUND);
  EXPECT_EQ(CodeOf(Get("alice", "", 1)), Code::INVALID_ARGUMENT);
  EXPECT_EQ(CodeOf(Get("alice", "lobby", 2, 0, "x")), Code::INVALID_ARGUMENT);
}

TEST_F(ReceiptsGetTest, ADirectRoomBeforeItsFirstMessage) {
  const auto reply = Get("alice", "dm:alice:bob");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->seq(), 0u);
  EXPECT_EQ(reply->members(), 2u);
  EXPECT_EQ(CodeOf(Get("alice", "dm:alice:bob", 1)), Code::NOT_FOUND);
}

TEST_F(ReceiptsGetTest, PagesTogetherAreTheWhole) {
  for (const auto& [limit, budget] : {std::pair{1u, Budget{}}, {2u, Budget{}}, {0u, Budget{0}}}) {
    std::vector<std::string> users;
    std::string page;
    bool more = true;
    while (more) {
      const auto reply = Get("alice", "lobby", 2, limit, page, budget);
      ASSERT_TRUE(reply);
      ASSERT_GE(reply->receipts_size(), 1);
      EXPECT_EQ(reply->members(), 3u) << "of all pages";
      for (const v1::Receipt& receipt : reply->receipts()) users.push_back(receipt.user());
      page = reply->page();
      more = reply->more();
    }
    EXPECT_EQ(users, (std::vector<std::string>{"alice", "bob", "carol"}));
  }
}

TEST_F(ReceiptsGetTest, ABigRoomIsToldCounts) {
  testing::TinyStore::Members members{{"alice", kMember}};
  for (int i = 0; i < 200; ++i) {
    store_.CreateUser("u" + std::to_string(i));
    members.emplace_back("u" + std::to_string(i), kMember);
  }
  store_.CreateRoom("big", members);
  store_.Say("big", "alice");
  for (int i = 0; i < 3; ++i) store_.Read("big", "u" + std::to_string(i), 2);
  const auto reply = Get("alice", "big", 2);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->counts_only());
  EXPECT_EQ(reply->members(), 201u);
  EXPECT_EQ(reply->read_by(), 3u);
  EXPECT_EQ(reply->receipts_size(), 0);
  EXPECT_FALSE(reply->more());
  store_.Remove("big", "u9");
  EXPECT_FALSE(Get("alice", "big", 2)->counts_only()) << "200 are named";
}

TEST_F(ReceiptsGetTest, TheNewestMessageIsNoMembershipChange) {
  store_.Add("lobby", "mallory");  // 4
  const auto view = store_.View();
  const Rid rid{(**view->Room("lobby")).rid()};
  EXPECT_EQ(FindNewestMessage(*view, rid, {4})->value, 3u);
  EXPECT_EQ(FindNewestMessage(*view, rid, {2})->value, 2u);
  EXPECT_EQ(FindNewestMessage(*view, rid, {1})->value, 0u);
}

}  // namespace
}  // namespace parley::bridge
