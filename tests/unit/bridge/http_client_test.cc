#include "bridge/outbound/http_client.h"

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bridge/outbound/limits.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/bridge/outbound_world.h"

namespace parley::bridge {
namespace {

using parley::testing::Http2Server;
using parley::testing::ScriptedServer;
using parley::testing::TempFolder;
using Kind = HttpAnswer::Kind;

HttpClient::Options OptionsFor(const std::vector<std::string>& allowed, int64_t timeout_ms = 10'000) {
  return {.name = "test-http",
          .policy = *AddressPolicy::Allowing(allowed),
          .ca_file = "",
          .connections_per_host = 1,
          .connect_timeout_ms = 5'000,
          .timeout_ms = timeout_ms};
}

std::unique_ptr<HttpClient> Started(HttpClient::Options options) {
  auto client = HttpClient::Start(std::move(options));
  EXPECT_TRUE(client);
  return std::move(*client);
}

std::unique_ptr<HttpClient> Loopback(int64_t timeout_ms = 10'000) {
  return Started(OptionsFor({"127.0.0.0/8"}, timeout_ms));
}

std::future<HttpAnswer> Sent(HttpClient& client, HttpRequest request) {
  auto promise = std::make_shared<std::promise<HttpAnswer>>();
  client.Send(std::move(request), [promise](HttpAnswer answer) { promise->set_value(std::move(answer)); });
  return promise->get_future();
}

HttpAnswer Post(HttpClient& client, const std::string& url, const std::string& body = "hello") {
  auto future =
      Sent(client, {.url = url, .headers = {{"Content-Type", "text/plain"}, {"X-Empty", ""}}, .body = body});
  if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
    ADD_FAILURE() << "no answer in 20 s: " << url;
    return {};
  }
  return future.get();
}

TEST(HttpClient, PostsAndKeepsTheConnection) {
  std::string seen;
  ScriptedServer server([&](const std::string& request, int) {
    seen = request;
    return ScriptedServer::Ok("fine");
  });
  const auto client = Loopback();
  for (int i = 0; i < 3; ++i) {
    const HttpAnswer answer = Post(*client, server.Url("/a/../b?c=d"));
    EXPECT_EQ(answer.kind, Kind::kAnswered) << answer.error;
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "fine");
    EXPECT_EQ(answer.headers.at("x-name"), "Value");
    EXPECT_EQ(answer.error, "");
  }
  EXPECT_EQ(server.requests(), 3);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(seen.substr(0, 30), "POST /a/../b?c=d HTTP/1.1\r\nHos");
  EXPECT_NE(seen.find("\r\nContent-Type: text/plain\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nX-Empty:\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Expect"), std::string::npos) << seen;
  EXPECT_EQ(seen.substr(seen.size() - 9), "\r\n\r\nhello");
}

TEST(HttpClient, PostsNothingWhenThereIsNoBody) {
  ScriptedServer server([](const std::string&, int) { return ScriptedServer::Ok(""); });
  const auto client = Loopback();
  const HttpAnswer answer = Post(*client, server.Url("/"), "");
  EXPECT_EQ(answer.kind, Kind::kAnswered) << answer.error;
}

TEST(HttpClient, FollowsNoRedirect) {
  ScriptedServer other([](const std::string&, int) { return ScriptedServer::Ok("never"); });
  const std::string to = other.Url("/");
  ScriptedServer server([&](const std::string&, int) {
    return "HTTP/1.1 307 Temporary Redirect\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n";
  });
  const auto client = Loopback();
  const HttpAnswer answer = Post(*client, server.Url("/"));
  EXPECT_EQ(answer.kind, Kind::kAnswered) << answer.error;
  EXPECT_EQ(answer.status, 307);
  EXPECT_EQ(answer.headers.at("location"), to);
  EXPECT_EQ(other.requests(), 0);
}

TEST(HttpClient, ATimeoutBehindTheRequestIsNoAnswer) {
  std::promise<void> over;
  const std::shared_future<void> ended = over.get_future().share();
  ScriptedServer server([ended](const std::string&, int) -> std::optional<std::string> {
    ended.wait();
    return std::nullopt;
  });
  const auto client = Loopback(300);
  const HttpAnswer answer = Post(*client, server.Url("/"));
  EXPECT_EQ(answer.kind, Kind::kNoAnswer) << answer.error;
  EXPECT_NE(answer.error, "");
  EXPECT_EQ(server.requests(), 1);
  over.set_value();
}

TEST(HttpClient, WhatReachedNobodyIsNotSent) {
  int closed_port = 0;
  {
    const ScriptedServer server([](const std::string&, int) { return std::nullopt; });
    closed_port = server.port();
  }
  const auto client = Loopback();
  const HttpAnswer refused = Post(*client, "http://127.0.0.1:" + std::to_string(closed_port) + "/");
  EXPECT_EQ(refused.kind, Kind::kNotSent) << refused.error;
  EXPECT_NE(refused.error.find("127.0.0.1"), std::string::npos) << refused.error;
  const HttpAnswer unknown = Post(*client, "https://no-such-host.invalid/");
  EXPECT_EQ(unknown.kind, Kind::kNotSent) << unknown.error;
  EXPECT_NE(unknown.error.find("no-such-host.invalid"), std::string::npos) << unknown.error;
}

TEST(HttpClient, AServerThatSpeaksNoTlsIsNotSent) {
  ScriptedServer server([](const std::string&, int) { return ScriptedServer::Ok(""); });
  const auto client = Loopback(2'000);
  const HttpAnswer answer = Post(*client, "https" + server.Url("/").substr(4));
  EXPECT_EQ(answer.kind, Kind::kNotSent) << answer.error;
}

// libcurl alone would send it again, on a new connection.
TEST(HttpClient, AConnectionThatDiesBehindTheRequestIsNotUsedAsAnExcuseToRepeat) {
  ScriptedServer server([](const std::string&, int nth) -> std::optional<std::string> {
    if (nth == 1) return ScriptedServer::Ok("first");
    return std::nullopt;
  });
  const auto client = Loopback();
  EXPECT_EQ(Post(*client, server.Url("/")).body, "first");
  const HttpAnswer answer = Post(*client, server.Url("/"));
  EXPECT_EQ(answer.kind, Kind::kNoAnswer) << answer.error;
  EXPECT_EQ(server.requests(), 2);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(Post(*client, server.Url("/")).body, "first");
}

TEST(HttpClient, ARequestWithoutABodyIsNotRepeatedEither) {
  ScriptedServer server([](const std::string& request, int nth) -> std::optional<std::string> {
    if (nth == 1 && request.find("/first") != std::string::npos) return ScriptedServer::Ok("first");
    return std::nullopt;
  });
  const auto client = Loopback();
  EXPECT_EQ(Post(*client, server.Url("/first")).body, "first");
  const HttpAnswer answer = Post(*client, server.Url("/"), "");
  EXPECT_EQ(answer.kind, Kind::kNoAnswer) << answer.error;
  EXPECT_EQ(server.requests(), 2);
}

TEST(HttpClient, AnAnswerThatBreaksOffIsNone) {
  ScriptedServer server([](const std::string&, int nth) -> std::optional<std::string> {
    if (nth > 1) return std::nullopt;
    return "HTTP/1.1 200 OK\r\nContent-Length: 50\r\nX-A: b\r\n\r\nhalf";
  });
  const auto client = Loopback(300);
  const HttpAnswer answer = Post(*client, server.Url("/"));
  EXPECT_EQ(answer.kind, Kind::kNoAnswer) << answer.error;
  EXPECT_EQ(answer.body, "");
}

TEST(HttpClient, ForbidsWhatANameResolvesTo) {
  ScriptedServer server([](const std::string&, int) { return ScriptedServer::Ok(""); });
  const auto strict = Started(OptionsFor({}));
  const HttpAnswer named = Post(*strict, "https://localhost:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(named.kind, Kind::kForbidden) << named.error;
  EXPECT_NE(named.error.find("localhost"), std::string::npos) << named.error;
  EXPECT_TRUE(named.error.find("127.0.0.1") != std::string::npos ||
              named.error.find("::1") != std::string::npos)
      << named.error;
  EXPECT_EQ(Post(*strict, server.Url("/")).kind, Kind::kForbidden);
  // By http not even what everybody may call, and a name that leads elsewhere than the operator allows.
  const auto elsewhere = Started(OptionsFor({"10.0.0.0/8"}));
  EXPECT_EQ(Post(*elsewhere, "http://localhost:" + std::to_string(server.port()) + "/").kind,
            Kind::kForbidden);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(HttpClient, RefusesHeadersThatHoldALineBreak) {
  ScriptedServer server([](const std::string&, int) { return ScriptedServer::Ok(""); });
  const auto client = Loopback();
  const HttpAnswer answer =
      Sent(*client, {.url = server.Url("/"), .headers = {{"X-A", "b\r\nX-C: d"}}, .body = "x"}).get();
  EXPECT_EQ(answer.kind, Kind::kForbidden);
  EXPECT_EQ(server.requests(), 0);
}

TEST(HttpClient, KeepsTheBeginningOfALongAnswerAndReadsAHugeOneNotToTheEnd) {
  const std::string longer(limits::kHttpAnswerBytesMax * 2, 'a');
  const std::string huge(limits::kHttpAnswerBytesRead * 64, 'b');
  ScriptedServer server([&](const std::string& request, int) {
    return ScriptedServer::Ok(request.find("/long") != std::string::npos ? longer : huge);
  });
  const auto client = Loopback();
  for (const char* path : {"/long", "/huge", "/long"}) {
    const HttpAnswer answer = Post(*client, server.Url(path));
    EXPECT_EQ(answer.kind, Kind::kAnswered) << answer.error;
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.size(), limits::kHttpAnswerBytesMax);
  }
  EXPECT_EQ(server.requests(), 3);
}

TEST(HttpClient, HeadersWithoutEndAreNoAnswer) {
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 5'000; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(40, 'a') + "\r\n";
  ScriptedServer server([&](const std::string&, int) { return headers + "\r\n"; });
  const auto client = Loopback();
  EXPECT_EQ(Post(*client, server.Url("/")).kind, Kind::kNoAnswer);
}

TEST(HttpClient, EndsWhatIsUnderWay) {
  std::promise<void> over;
  std::promise<void> arrived;
  const std::shared_future<void> ended = over.get_future().share();
  ScriptedServer server([&arrived, ended](const std::string&, int) -> std::optional<std::string> {
    arrived.set_value();
    ended.wait();
    return std::nullopt;
  });
  auto client = Loopback();
  auto out = Sent(*client, {.url = server.Url("/"), .headers = {}, .body = "x"});
  arrived.get_future().wait();
  // One connection a host: this one waits for it.
  auto waits = Sent(*client, {.url = server.Url("/"), .headers = {}, .body = "y"});
  client.reset();
  EXPECT_EQ(out.get().kind, Kind::kNoAnswer);
  EXPECT_EQ(waits.get().kind, Kind::kNotSent);
  EXPECT_EQ(server.requests(), 1);
  over.set_value();
}

TEST(HttpClient, HoldsABoundedNumberOfRequests) {
  std::promise<void> over;
  const std::shared_future<void> ended = over.get_future().share();
  ScriptedServer server([ended](const std::string&, int) {
    ended.wait();
    return ScriptedServer::Ok("");
  });
  const auto client = Loopback(60'000);
  std::vector<std::future<HttpAnswer>> held;
  for (size_t i = 0; i < limits::kHttpRequestsMax; ++i)
    held.push_back(Sent(*client, {.url = server.Url("/"), .headers = {}, .body = "x"}));
  EXPECT_EQ(Post(*client, server.Url("/")).kind, Kind::kNotSent);
  over.set_value();
  for (auto& one : held) EXPECT_EQ(one.get().kind, Kind::kAnswered);
}

TEST(HttpClient, NamesAFileThatHoldsNoAuthority) {
  HttpClient::Options options = OptionsFor({});
  options.ca_file = "/dev/null";
  const auto client = HttpClient::Start(std::move(options));
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().reason.find("/dev/null"), std::string::npos);
}

// Against HTTP/2, in which many requests share a connection.
class HttpClientOverHttp2 : public ::testing::Test {
 protected:
  HttpClientOverHttp2() {
    testing::WriteCertificate(folder_ / "key.pem", folder_ / "certificate.pem");
    server_ =
        std::make_unique<Http2Server>(PARLEY_HTTP2_SERVER, folder_ / "key.pem", folder_ / "certificate.pem");
    HttpClient::Options options = OptionsFor({"127.0.0.0/8"});
    options.ca_file = folder_ / "certificate.pem";
    client_ = Started(std::move(options));
  }

  HttpAnswer PostTo(const std::string& path) { return Post(*client_, server_->Url(path)); }
  int Seen(const std::string& what) {
    const HttpAnswer answer = PostTo("/seen");
    EXPECT_EQ(answer.kind, Kind::kAnswered) << answer.error;
    return nlohmann::json::parse(answer.body, nullptr, false).value(what, 0);
  }

  const TempFolder folder_;
  std::unique_ptr<Http2Server> server_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(HttpClientOverHttp2, ManyRequestsShareFewConnections) {
  constexpr size_t kMany = 4'000;
  constexpr size_t kAtOnce = 256;
  std::vector<std::future<HttpAnswer>> answers;
  for (size_t i = 0; i < kMany + kAtOnce; ++i) {
    if (i >= kAtOnce) {
      const HttpAnswer answer = answers[i - kAtOnce].get();
      ASSERT_EQ(answer.kind, Kind::kAnswered) << answer.error;
      ASSERT_EQ(answer.body, "body " + std::to_string(i - kAtOnce));
      ASSERT_EQ(answer.headers.at("x-protocol"), "h2");
    }
    if (i < kMany) {
      answers.push_back(
          Sent(*client_, {.url = server_->Url("/ok"), .headers = {}, .body = "body " + std::to_string(i)}));
    }
  }
  EXPECT_EQ(Seen("/ok"), static_cast<int>(kMany));
  // New ones in time: a server takes so many requests on one for an attack.
  EXPECT_LE(Seen("connections"), 2 * (static_cast<int>(kMany) / limits::kHttpRequestsPerConnection + 1));
}

TEST_F(HttpClientOverHttp2, AStrangersCertificateIsNotSent) {
  const auto stranger = Loopback();
  const HttpAnswer answer = Post(*stranger, server_->Url("/ok"));
  EXPECT_EQ(answer.kind, Kind::kNotSent) << answer.error;
  EXPECT_EQ(Seen("/ok"), 0);
}

TEST_F(HttpClientOverHttp2, AStreamThatIsResetIsNoAnswer) {
  EXPECT_EQ(PostTo("/ok").status, 200);
  EXPECT_EQ(PostTo("/reset").kind, Kind::kNoAnswer);
  EXPECT_EQ(PostTo("/die").kind, Kind::kNoAnswer);
  EXPECT_EQ(PostTo("/half").kind, Kind::kNoAnswer);
  EXPECT_EQ(PostTo("/ok").status, 200);
  for (const char* path : {"/reset", "/die", "/half"}) EXPECT_EQ(Seen(path), 1) << path;
}

TEST_F(HttpClientOverHttp2, WhatTheServerGoingAwayHasNotLookedAtIsNotSent) {
  EXPECT_EQ(PostTo("/ok").status, 200);
  const HttpAnswer answer = PostTo("/goaway");
  EXPECT_EQ(answer.kind, Kind::kNotSent) << answer.error;
  EXPECT_EQ(PostTo("/ok").status, 200);
  EXPECT_EQ(Seen("/goaway"), 1);
}

// The client reads libcurl's log; a URL stands in it, too.
TEST_F(HttpClientOverHttp2, AUrlCannotSayThatTheServerGoesAway) {
  EXPECT_EQ(PostTo("/ok").status, 200);
  for (const char* words : {"GOAWAY,%20last_stream=0", "REFUSED_STREAM,%20retrying"}) {
    const HttpAnswer answer = Post(*client_, server_->Url(std::string("/die?received%20") + words));
    EXPECT_EQ(answer.kind, Kind::kNoAnswer) << answer.error;
  }
  EXPECT_EQ(Post(*client_, server_->Url("/die?recveived GOAWAY, last_stream=0")).kind, Kind::kForbidden);
}

TEST_F(HttpClientOverHttp2, WhatTheServerGoingAwayHasLookedAtIsNoAnswer) {
  EXPECT_EQ(PostTo("/ok").status, 200);
  const HttpAnswer answer = PostTo("/goaway-seen");
  EXPECT_EQ(answer.kind, Kind::kNoAnswer) << answer.error;
  EXPECT_EQ(PostTo("/ok").status, 200);
  EXPECT_EQ(Seen("/goaway-seen"), 1);
}

TEST_F(HttpClientOverHttp2, AStreamThatTheServerRefusesIsSentByUsOnceOnly) {
  const HttpAnswer first = PostTo("/refused");
  EXPECT_EQ(first.kind, Kind::kNotSent) << first.error;
  EXPECT_EQ(PostTo("/ok").status, 200);
  EXPECT_NE(PostTo("/refused").kind, Kind::kAnswered);
  EXPECT_EQ(Seen("/refused"), 2);
}

TEST_F(HttpClientOverHttp2, EndsWhatIsUnderWay) {
  EXPECT_EQ(PostTo("/ok").status, 200);
  auto hanging = Sent(*client_, {.url = server_->Url("/hang"), .headers = {}, .body = "x"});
  while (Seen("/hang") == 0) std::this_thread::yield();
  client_.reset();
  EXPECT_EQ(hanging.get().kind, Kind::kNoAnswer);
}

}  // namespace
}  // namespace parley::bridge
