#include "schemas/url.h"

#include <string>

#include <gtest/gtest.h>

#include "schemas/limits.h"

namespace parley {
namespace {

TEST(Url, NamesAHostByHttpOrHttps) {
  for (const char* url :
       {"https://example.org", "http://example.org/", "https://push.example.org/wpush/v2/gAAA-_%20?a=b&c",
        "http://127.0.0.1:8080/hook", "https://[::1]:443/", "https://[fd00::1]", "https://a_b-c.d/e@f",
        "https://example.org?x", "https://example.org:65535"}) {
    EXPECT_TRUE(CheckUrl(url)) << url;
  }
}

TEST(Url, ThatIsNoneIsRefusedWithoutBeingShown) {
  const std::string urls[] = {"",
                              "example.org",
                              "ftp://example.org",
                              "HTTPS://example.org",
                              "https://",
                              "https:///path",
                              "https://?x",
                              "https://:80",
                              "https://user@example.org",
                              "https://u:p@example.org/",
                              "https://example.org:0",
                              "https://example.org:65536",
                              "https://example.org:",
                              "https://example.org:80x",
                              "https://example.org#f",
                              "https://exa mple.org",
                              "https://example.org\\@evil.org",
                              "https://example.org/\r\nHost: evil",
                              "https://example.org/\t",
                              std::string("https://example.org/\0x", 22),
                              "https://ex\xC3\xA4mple.org",
                              "https://[::1",
                              "https://[::1]x",
                              "https://[]",
                              "https://[g::1]",
                              "https://-example.org",
                              "https://.example.org",
                              "https://example%2eorg",
                              "https://example.org/\x7F",
                              "https://example.org/<script>",
                              "javascript://example.org",
                              "file:///etc/passwd",
                              "gopher://127.0.0.1"};
  for (const std::string& url : urls) {
    const Status checked = CheckUrl(url);
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().code, Code::INVALID_ARGUMENT);
    EXPECT_EQ(checked.error().reason.find("evil"), std::string::npos);
  }
}

TEST(Url, HasALongestLength) {
  const std::string begin = "https://example.org/";
  EXPECT_TRUE(CheckUrl(begin + std::string(limits::kUrlBytesMax - begin.size(), 'x')));
  EXPECT_FALSE(CheckUrl(begin + std::string(limits::kUrlBytesMax - begin.size() + 1, 'x')));
}

}  // namespace
}  // namespace parley
