#include "client/cli/chat_input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/cli/input_lines.h"

namespace parley::client {
namespace {

std::string Said(std::string_view line) {
  const ChatInput input = ReadChatInput(line);
  const auto* say = std::get_if<Say>(&input);
  return say == nullptr ? "(nothing said)" : say->text;
}

TEST(ChatInput, LinesAreSaidAsTheyAre) {
  EXPECT_EQ(Said("hello"), "hello");
  EXPECT_EQ(Said("  two spaces\r"), "  two spaces");
  EXPECT_EQ(Said("//etc/passwd"), "/etc/passwd");
  EXPECT_TRUE(std::holds_alternative<Nothing>(ReadChatInput("")));
  EXPECT_TRUE(std::holds_alternative<Nothing>(ReadChatInput("\r")));
}

TEST(ChatInput, Commands) {
  EXPECT_TRUE(std::holds_alternative<Quit>(ReadChatInput("/quit")));
  EXPECT_TRUE(std::holds_alternative<ShowChatHelp>(ReadChatInput("/help me")));
  EXPECT_TRUE(std::holds_alternative<ShowMembers>(ReadChatInput("/members")));
  EXPECT_EQ(std::get<ShowHistory>(ReadChatInput("/history")).count, 20u);
  EXPECT_EQ(std::get<ShowHistory>(ReadChatInput("/history  7 ")).count, 7u);
}

TEST(ChatInput, WhatIsMistypedIsNeverSent) {
  for (const char* line : {"/histry", "/", "/history 0", "/history x", "/history 1001", "/history -1",
                           "/history 7 8", "/QUIT"}) {
    EXPECT_TRUE(std::holds_alternative<Mistyped>(ReadChatInput(line))) << line;
  }
  const Mistyped mistyped = std::get<Mistyped>(ReadChatInput("/\x1b[2J"));
  EXPECT_EQ(mistyped.reason.find('\x1b'), std::string::npos);
}

class InputLinesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe(ends_), 0); }
  void TearDown() override {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }
  void Write(const std::string& text) {
    ASSERT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void End() {
    close(ends_[1]);
    ends_[1] = -1;
  }
  int ends_[2] = {-1, -1};
};

TEST_F(InputLinesTest, GivesWholeLinesAndTheLastWithoutItsEnd) {
  InputLines lines(ends_[0], 100);
  EXPECT_FALSE(lines.Next(0));
  Write("one\n\ntwo");
  EXPECT_EQ(lines.Next(1'000), "one");
  EXPECT_EQ(lines.Next(0), "");
  EXPECT_FALSE(lines.Next(0));
  EXPECT_FALSE(lines.ended());
  End();
  EXPECT_EQ(lines.Next(1'000), "two");
  EXPECT_TRUE(lines.ended());
  EXPECT_FALSE(lines.Next(0));
}

TEST_F(InputLinesTest, ALineBeyondTheBoundIsCutAndTheNextOneIsWhole) {
  InputLines lines(ends_[0], 10);
  Write(std::string(10'000, 'x') + "\nnext\n");
  std::optional<std::string> line;
  for (int reads = 0; reads < 10 && !line; ++reads) line = lines.Next(1'000);
  EXPECT_EQ(line, std::string(10, 'x'));
  EXPECT_EQ(lines.Next(1'000), "next");
}

}  // namespace
}  // namespace parley::client
