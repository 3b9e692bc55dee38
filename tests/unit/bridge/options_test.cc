#include <vector>

#include <gtest/gtest.h>

#include "bridge/app/bridge_options.h"

namespace parley::bridge {
namespace {

Result<std::optional<BridgeOptions>> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "parley-bridge");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(BridgeOptions, AllOfThem) {
  const auto options = Parse(
      {"--data", "/d", "--host", "::1", "--port", "2883", "--http-port", "9090", "--http-host=0.0.0.0"});
  ASSERT_TRUE(options);
  EXPECT_EQ((*options)->store_path(), "/d/store");
  EXPECT_EQ((*options)->scratch_path(), "/d/bridge/secondary");
  EXPECT_EQ((*options)->credentials_path(), "/d/bridge.credentials");
  EXPECT_EQ((*options)->host, "::1");
  EXPECT_EQ((*options)->port, 2883);
  EXPECT_EQ((*options)->http_port, 9090);
  EXPECT_EQ((*options)->http_host, "0.0.0.0");
}

TEST(BridgeOptions, OnlyDataIsNeeded) {
  const auto options = Parse({"--data", "/d"});
  ASSERT_TRUE(options);
  EXPECT_EQ((*options)->host, "127.0.0.1");
  EXPECT_EQ((*options)->port, 1883);
  EXPECT_TRUE((*options)->http_cors_origins.empty());
  EXPECT_EQ((*options)->http_connections, 64);
  EXPECT_EQ((*options)->http_timeout_ms, 10'000);
}

TEST(BridgeOptions, OfTheHttpEdge) {
  const auto options = Parse({"--data", "/d", "--http-cors-origin", "https://a.example", "--http-cors-origin",
                              "*", "--http-tls-cert", "/c", "--http-tls-key", "/k", "--http-connections", "7",
                              "--http-timeout", "3"});
  ASSERT_TRUE(options) << options.error().reason;
  EXPECT_EQ((*options)->http_cors_origins, (std::vector<std::string>{"https://a.example", "*"}));
  EXPECT_EQ((*options)->http_tls_cert, "/c");
  EXPECT_EQ((*options)->http_tls_key, "/k");
  EXPECT_EQ((*options)->http_connections, 7);
  EXPECT_EQ((*options)->http_timeout_ms, 3'000);
}

TEST(BridgeOptions, WhatIsWrongIsOneLine) {
  for (const std::vector<const char*>& arguments : {std::vector<const char*>{},
                                                    {"--data"},
                                                    {"--data", "/d", "--bogus"},
                                                    {"--data", "/d", "word"},
                                                    {"--data", "/d", "--port", "0"},
                                                    {"--data", "/d", "--port", "-1"},
                                                    {"--data", "/d", "--port", "65536"},
                                                    {"--data", "/d", "--port", "x"},
                                                    {"--data", "/d", "--http-port", "-1"},
                                                    {"--data", "/d", "--http-port", "99999999999"},
                                                    {"--data", "/d", "--http-tls-cert", "/c"},
                                                    {"--data", "/d", "--http-tls-key", "/k"},
                                                    {"--data", "/d", "--http-connections", "0"},
                                                    {"--data", "/d", "--http-timeout", "301"},
                                                    {"--data", "/d", "--data", "/e"},
                                                    {"--dat", "/d"}}) {
    const auto options = Parse(arguments);
    ASSERT_FALSE(options) << (arguments.empty() ? "" : arguments.back());
    EXPECT_EQ(options.error().code, Code::INVALID_ARGUMENT);
    EXPECT_EQ(options.error().reason.find('\n'), std::string::npos);
  }
}

TEST(BridgeOptions, OfPush) {
  const auto options = Parse({"--data",
                              "/d",
                              "--push-vapid-subject",
                              "mailto:a@b.c",
                              "--push-fcm-account",
                              "/f",
                              "--push-apns-key",
                              "/k",
                              "--push-apns-key-id",
                              "K",
                              "--push-apns-team",
                              "T",
                              "--push-apns-topic",
                              "org.x",
                              "--push-apns-url",
                              "https://a",
                              "--push-fcm-url",
                              "https://f",
                              "--push-webhook-secret",
                              "/s",
                              "--push-connections",
                              "9"});
  ASSERT_TRUE(options);
  const ProviderOptions push = (*options)->push.ForProviders((*options)->vapid_key_path());
  EXPECT_EQ(push.vapid_key_path, "/d/bridge/vapid.pem");
  EXPECT_EQ(push.vapid_subject, "mailto:a@b.c");
  EXPECT_EQ(push.fcm.account_file, "/f");
  EXPECT_EQ(push.fcm.url, "https://f");
  EXPECT_EQ(push.apns.key_file, "/k");
  EXPECT_EQ(push.apns.key_id, "K");
  EXPECT_EQ(push.apns.team, "T");
  EXPECT_EQ(push.apns.topic, "org.x");
  EXPECT_EQ(push.apns.url, "https://a");
  EXPECT_EQ(push.webhook_secret_path, "/s");
  EXPECT_EQ((*options)->push.connections, 9);
  for (const std::vector<const char*>& wrong :
       std::vector<std::vector<const char*>>{{"--data", "/d", "--push-connections", "0"},
                                             {"--data", "/d", "--push-vapid-subject", "me"},
                                             {"--data", "/d", "--push-apns-key", "/k"}}) {
    EXPECT_EQ(Parse(wrong).error().code, Code::INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace parley::bridge
