#include "schemas/base64.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Base64, AsTheRfcHasIt) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xfb\xff\xfe", "+//+"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(ToBase64(bytes), text);
    EXPECT_EQ(FromBase64(text, Base64::kEither), bytes);
    EXPECT_EQ(FromBase64(ToBase64Url(bytes), Base64::kEither), bytes);
  }
  EXPECT_EQ(ToBase64Url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(ToBase64Url("f"), "Zg");
  for (const char* wrong : {"Z", "Zg=", "Zh==", "Zm9v\n", "Zm 9v", "====", "Zg==Zg=="})
    EXPECT_EQ(FromBase64(wrong, Base64::kEither), std::nullopt) << wrong;
}

TEST(Base64, IsReadInItsAlphabetOnly) {
  EXPECT_EQ(ToBase64("\xFB\xFF\xFE"), "+//+");
  EXPECT_EQ(FromBase64("+//+", Base64::kStandard), "\xFB\xFF\xFE");
  EXPECT_EQ(FromBase64("-__-", Base64::kUrlSafe), "\xFB\xFF\xFE");
  EXPECT_EQ(FromBase64("YQ", Base64::kUrlSafe), "a");
  EXPECT_EQ(FromBase64("YQ==", Base64::kUrlSafe), "a");
  EXPECT_EQ(FromBase64("YQ==", Base64::kStandard), "a");
  EXPECT_EQ(FromBase64("", Base64::kUrlSafe), "");
  for (const char* text : {"YQ", "-__-", "YQ= =", "Y", "YQ==\n"}) {
    EXPECT_FALSE(FromBase64(text, Base64::kStandard)) << text;
  }
  for (const char* text : {"+//+", "YQ=", "Y", " YQ", "YR"})
    EXPECT_FALSE(FromBase64(text, Base64::kUrlSafe)) << text;
}

}  // namespace
}  // namespace parley
