#include "schemas/names.h"

#include <string>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace parley {
namespace {

using namespace std::string_literals;

const std::string k64(64, 'a');
const std::string k65(65, 'a');

const std::vector<std::string> kPlainGood = {"a", "0", "alice", "a.b_c-d", "9lives", "a..b", "a-", "x_", k64};
const std::vector<std::string> kPlainBad = {"",
                                            k65,
                                            "Alice",
                                            "ALICE",
                                            "-a",
                                            ".a",
                                            "_a",
                                            "a b",
                                            " a",
                                            "a ",
                                            "a/b",
                                            "a+",
                                            "+",
                                            "#",
                                            "a#",
                                            "$a",
                                            "$SYS",
                                            "a:b",
                                            "a@b",
                                            "a\nb",
                                            "a\tb",
                                            "a\0b"s,
                                            "\0"s,
                                            "a\x7f",
                                            "caf\xc3\xa9",
                                            "\xff",
                                            "a\xc0\xaf",
                                            "..",
                                            "../x",
                                            "dm:a",
                                            "%u",
                                            "a\r",
                                            "\xe2\x80\xae"
                                            "a",
                                            "a,b"};

TEST(ParseUserId, TakesTheGrammarAndNothingElse) {
  for (const std::string& name : kPlainGood) {
    const Result<UserId> parsed = ParseUserId(name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_EQ(parsed->str(), name);
  }
  for (const std::string& name : kPlainBad) {
    const Result<UserId> parsed = ParseUserId(name);
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().code, Code::INVALID_ARGUMENT);
    EXPECT_FALSE(parsed.error().reason.empty());
  }
}

TEST(ParseRoomId, TakesPlainNamesLikeUsers) {
  for (const std::string& name : kPlainGood) EXPECT_TRUE(ParseRoomId(name)) << name;
  for (const std::string& name : kPlainBad) EXPECT_FALSE(ParseRoomId(name)) << name;
}

TEST(ParseRoomId, TakesDirectRoomsInByteOrderOnly) {
  for (const std::string& name :
       {"dm:alice:bob"s, "dm:a:b"s, "dm:0:a"s, "dm:a-b:a.b"s, "dm:a:" + k64, "dm:a:aa"s, "dm:a.b:ab"s}) {
    EXPECT_TRUE(ParseRoomId(name)) << name;
  }
  for (const std::string& name :
       {"dm:bob:alice"s, "dm:a:a"s, "dm:"s, "dm::"s, "dm:a:"s, "dm::a"s, "dm:a"s, "dm:a:b:c"s, "dm:A:b"s,
        "dm:a:B"s, "dm:a:b "s, "dm:a:" + k65, "DM:a:b"s, "dm:a/b:c"s, "dm:+:a"s, "dm:a:#"s, "dm:a:b\0"s}) {
    const Result<RoomId> parsed = ParseRoomId(name);
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().code, Code::INVALID_ARGUMENT);
  }
}

TEST(ParseClientId, TakesTheGrammarAndNothingElse) {
  const std::string k128(128, 'Z');
  for (const std::string& name : {"a"s, "phone-1"s, "A.b_c:d@e-F"s, "-"s, "@"s, "0"s, k128}) {
    EXPECT_TRUE(ParseClientId(name)) << name;
  }
  for (const std::string& name : {""s, k128 + "Z", "a b"s, "a/b"s, "+"s, "#"s, "a+"s, "$x"s, "a\0"s,
                                  "caf\xc3\xa9"s, "a\n"s, "\x1b[31m"s, "a%"s, "\xff"s}) {
    EXPECT_FALSE(ParseClientId(name)) << name;
  }
}

TEST(ParseMessageId, TakesTheGrammarAndNothingElse) {
  for (const std::string& name :
       {"a"s, "01J9Z3NDEKTSV4RRFFQ69G5FAV"s, "0190163d-8694-739b-aea5-966c26f8ad91"s, "a.b_c:d-e"s, k64}) {
    EXPECT_TRUE(ParseMessageId(name)) << name;
  }
  for (const std::string& name :
       {""s, k65, "a b"s, "a/b"s, "a@b"s, "+"s, "#"s, "a\0"s, "\xc3\xa9"s, "a\n"s, "{}"s, "\""s}) {
    EXPECT_FALSE(ParseMessageId(name)) << name;
  }
}

TEST(DirectRoom, IsTheSameFromBothSides) {
  const UserId alice = UserId::Trusted("alice");
  const UserId bob = UserId::Trusted("bob");
  EXPECT_EQ(DirectRoom(alice, bob).str(), "dm:alice:bob");
  EXPECT_EQ(DirectRoom(bob, alice).str(), "dm:alice:bob");
}

TEST(DirectUsers, SplitsWhatDirectRoomMade) {
  EXPECT_TRUE(IsDirect("dm:alice:bob"));
  EXPECT_EQ(DirectUsers("dm:alice:bob").a, "alice");
  EXPECT_EQ(DirectUsers("dm:alice:bob").b, "bob");
  for (const char* room : {"lobby", "dm", "", "dmx:a:b"}) {
    EXPECT_FALSE(IsDirect(room)) << room;
    EXPECT_TRUE(DirectUsers(room).a.empty());
    EXPECT_TRUE(DirectUsers(room).b.empty());
  }
}

TEST(Name, ComparesAndHashesByItsText) {
  EXPECT_LT(UserId::Trusted("a"), UserId::Trusted("b"));
  EXPECT_EQ(UserId::Trusted("a"), UserId::Trusted("a"));
  const std::unordered_set<UserId> users = {UserId::Trusted("a"), UserId::Trusted("b"), UserId::Trusted("a")};
  EXPECT_EQ(users.size(), 2u);
}

TEST(Number, ComparesByItsValue) {
  EXPECT_LT(Seq{1}, Seq{2});
  EXPECT_EQ(Seq{}, Seq{0});
}

}  // namespace
}  // namespace parley
