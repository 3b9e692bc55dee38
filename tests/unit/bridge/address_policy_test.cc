#include "bridge/outbound/address_policy.h"

#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "schemas/limits.h"

namespace parley::bridge {
namespace {

sockaddr_storage Address(const std::string& text) {
  sockaddr_storage storage{};
  auto* in4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text.c_str(), &in4->sin_addr) == 1) {
    in4->sin_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in6->sin6_addr), 1) << text;
    in6->sin6_family = AF_INET6;
  }
  return storage;
}

bool Allows(const AddressPolicy& policy, const std::string& text) {
  const sockaddr_storage address = Address(text);
  return policy.Allows(reinterpret_cast<const sockaddr&>(address));
}

bool AllowsPlain(const AddressPolicy& policy, const std::string& text) {
  const sockaddr_storage address = Address(text);
  return policy.AllowsPlain(reinterpret_cast<const sockaddr&>(address));
}

TEST(AddressPolicy, RefusesWhatIsNobodysOnTheInternet) {
  const AddressPolicy policy;
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.170",
                           "192.0.2.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.7",
                           "203.0.113.7",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.1.2.3",
                           "::ffff:0.0.0.0",
                           "::10.0.0.1",
                           "64:ff9b::10.0.0.1",
                           "64:ff9b::8.8.8.8",
                           "64:ff9b:1::1",
                           "100::1",
                           "fc00::1",
                           "fdff::1",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "ff02::1",
                           "2001::1",
                           "2001:db8::1",
                           "2002:a00:1::1",
                           "3fff::1",
                           "4000::1",
                           "1fff::1"}) {
    EXPECT_FALSE(Allows(policy, text)) << text;
    EXPECT_FALSE(AllowsPlain(policy, text)) << text;
  }
}

TEST(AddressPolicy, AllowsTheInternetUpToTheEdgesOfTheRest) {
  const AddressPolicy policy;
  for (const char* text :
       {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255",       "100.128.0.0",
        "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",          "172.15.255.255",
        "172.32.0.0",      "192.167.255.255", "192.169.0.0",     "198.17.255.255",       "198.20.0.0",
        "223.255.255.255", "8.8.8.8",         "::ffff:8.8.8.8",  "2001:4860:4860::8888", "2606:4700::1111",
        "2a00:1450::1"}) {
    EXPECT_TRUE(Allows(policy, text)) << text;
    EXPECT_FALSE(AllowsPlain(policy, text)) << text;
  }
  sockaddr local{};
  local.sa_family = AF_UNIX;
  EXPECT_FALSE(policy.Allows(local));
}

TEST(AddressPolicy, TheOperatorsNetworksAreAllowedToTheBit) {
  const auto policy = AddressPolicy::Allowing({"10.1.0.0/15", "127.0.0.1", "fd00::/9"});
  ASSERT_TRUE(policy);
  for (const char* text :
       {"10.0.0.1", "10.1.255.255", "127.0.0.1", "::ffff:127.0.0.1", "fd00::1", "fd7f::1"}) {
    EXPECT_TRUE(Allows(*policy, text)) << text;
    EXPECT_TRUE(AllowsPlain(*policy, text)) << text;
  }
  for (const char* text : {"10.2.0.0", "127.0.0.2", "fd80::1", "::1", "192.168.0.1"})
    EXPECT_FALSE(Allows(*policy, text)) << text;
  EXPECT_TRUE(Allows(*policy, "8.8.8.8"));
  EXPECT_FALSE(AllowsPlain(*policy, "8.8.8.8"));
}

TEST(AddressPolicy, NamesTheNetworkThatIsNone) {
  for (const char* text : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::1/129", "10.0.0/8",
                           "10.0.0.0/8 ", "10.0.0.0/8/8"}) {
    const auto policy = AddressPolicy::Allowing({"127.0.0.1", text});
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().code, Code::INVALID_ARGUMENT);
    EXPECT_NE(policy.error().reason.find(text), std::string::npos) << policy.error().reason;
  }
}

TEST(AddressPolicy, ChecksUrls) {
  const AddressPolicy strict;
  const auto loopback = AddressPolicy::Allowing({"127.0.0.0/8"});
  ASSERT_TRUE(loopback);
  EXPECT_TRUE(strict.CheckUrl("https://push.example.com/a?b=c"));
  EXPECT_TRUE(strict.CheckUrl("https://8.8.8.8/"));
  EXPECT_TRUE(strict.CheckUrl("https://localhost/"));  // the address is looked at when it is connected to
  EXPECT_TRUE(loopback->CheckUrl("http://127.0.0.1:8080/"));
  EXPECT_TRUE(loopback->CheckUrl("https://127.0.0.1/"));

  struct Case {
    std::string url;
    Code code;
  };
  const Case refused[] = {
      {"http://push.example.com/", Code::PERMISSION_DENIED},
      {"https://127.0.0.1/", Code::PERMISSION_DENIED},
      {"https://2130706433/", Code::PERMISSION_DENIED},  // the same, written as one number
      {"https://0x7f.1/", Code::PERMISSION_DENIED},
      {"https://[::1]/", Code::PERMISSION_DENIED},
      {"https://[::ffff:10.0.0.1]/", Code::PERMISSION_DENIED},
      {"https://[fe80::1%25eth0]/", Code::PERMISSION_DENIED},
      {"https://me:secret@example.com/", Code::INVALID_ARGUMENT},
      {"https://me@example.com/", Code::INVALID_ARGUMENT},
      {"ftp://example.com/", Code::INVALID_ARGUMENT},
      {"file:///etc/passwd", Code::INVALID_ARGUMENT},
      {"example.com", Code::INVALID_ARGUMENT},
      {"https://", Code::INVALID_ARGUMENT},
      {"", Code::INVALID_ARGUMENT},
      {std::string("https://a\0b/", 12), Code::INVALID_ARGUMENT},
      {"https://example.com/" + std::string(parley::limits::kUrlBytesMax, 'a'), Code::INVALID_ARGUMENT},
  };
  for (const Case& one : refused) {
    const Status checked = strict.CheckUrl(one.url);
    ASSERT_FALSE(checked) << one.url;
    EXPECT_EQ(checked.error().code, one.code) << one.url << ": " << checked.error().reason;
    EXPECT_EQ(checked.error().reason.find('\n'), std::string::npos);
  }
  EXPECT_FALSE(loopback->CheckUrl("http://8.8.8.8/"));
}

}  // namespace
}  // namespace parley::bridge
