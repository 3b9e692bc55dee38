#include "bridge/app/credentials.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

TEST(Credentials, TwoLines) {
  for (const char* text : {"username=bridge\npassword=s3=cret\n", "username=bridge\r\npassword=s3=cret\r\n",
                           "password=s3=cret\n\nusername=bridge"}) {
    const auto credentials = ParseCredentials(text);
    ASSERT_TRUE(credentials) << text;
    EXPECT_EQ(credentials->username, "bridge");
    EXPECT_EQ(credentials->password, "s3=cret");
  }
}

TEST(Credentials, WhatIsMissingIsNamed) {
  for (const auto& [text, word] : {std::pair("", "username"),
                                   {"username=a\n", "password"},
                                   {"username=\npassword=b\n", "username"},
                                   {"username\npassword=b", "username"},
                                   {"xusername=a\npassword=b", "username"}}) {
    const auto credentials = ParseCredentials(text);
    ASSERT_FALSE(credentials) << text;
    EXPECT_EQ(credentials.error().code, Code::INVALID_ARGUMENT);
    EXPECT_NE(credentials.error().reason.find(word), std::string::npos) << credentials.error().reason;
  }
}

TEST(Credentials, AFileThatIsMissingOrTooLargeIsNamed) {
  const testing::TempFolder folder;
  const auto missing = ReadCredentials(folder.path("none"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::NOT_FOUND);
  EXPECT_NE(missing.error().reason.find(folder.path("none")), std::string::npos);
  EXPECT_FALSE(ReadCredentials(folder.path()));  // a folder
  std::ofstream(folder.path("large")) << std::string(10'000, 'x');
  const auto large = ReadCredentials(folder.path("large"));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::INVALID_ARGUMENT);
  std::ofstream(folder.path("good")) << "username=bridge\npassword=pw\n";
  EXPECT_TRUE(ReadCredentials(folder.path("good")));
}

}  // namespace
}  // namespace parley::bridge
