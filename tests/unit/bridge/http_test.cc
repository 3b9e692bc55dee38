#include <new>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/http/health.h"
#include "bridge/http/http_server.h"
#include "bridge/service/limits.h"

namespace parley::bridge {
namespace {

// A bare TCP client.
class Connection {
 public:
  explicit Connection(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(const std::string& bytes) {
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  bool TrySend(const std::string& bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
  }

  // Whether the server closes within so many milliseconds.
  bool Closed(int timeout_ms) {
    pollfd poll{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, timeout_ms) <= 0) return false;
    char byte = 0;
    return ::recv(socket_, &byte, 1, 0) <= 0;
  }

  // Up to the empty line.
  std::string ReceiveHead() {
    std::string text;
    char byte = 0;
    while (text.find("\r\n\r\n") == std::string::npos && ::recv(socket_, &byte, 1, 0) == 1)
      text.push_back(byte);
    return text;
  }

  // Up to the end of a response with Content-Length, or of the stream.
  std::string Receive() {
    std::string text;
    char buffer[4096];
    while (true) {
      const size_t head = text.find("\r\n\r\n");
      const size_t length_at = text.find("Content-Length: ");
      if (head != std::string::npos && length_at < head) {
        const size_t length = std::stoul(text.substr(length_at + 16));
        if (text.size() >= head + 4 + length) return text;
      }
      const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) return text;
      text.append(buffer, static_cast<size_t>(count));
    }
  }

 private:
  const int socket_;
};

class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override { Serve({.routes = MakeRoutes(), .counters = counters_}); }

  Routes MakeRoutes(std::vector<std::string> origins = {}) {
    Routes routes;
    routes.Allow(*CorsPolicy::Of(std::move(origins)));
    routes.Add("/health", [] { return HttpReply{.body = R"({"status":"ok"})"}; });
    routes.Add("/busy", [] { return HttpReply{.status = 503, .body = "{}"}; });
    routes.Add("/broken", []() -> HttpReply { throw std::bad_alloc(); });
    routes.Add("/text", [] { return HttpReply{.body = "a 1\n", .content_type = "text/plain"}; });
    return routes;
  }

  void Serve(HttpOptions options) {
    server_.reset();
    auto server = HttpServer::Start(std::move(options));
    ASSERT_TRUE(server) << server.error().reason;
    server_ = *std::move(server);
  }

  std::string Ask(const std::string& request) {
    Connection connection(server_->port());
    connection.Send(request);
    return connection.Receive();
  }
  std::string Get(const std::string& target) { return Ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"); }

  // Of a metric without labels.
  std::string Value(const std::string& name) {
    MetricsPage page;
    counters_.Collect(page);
    const std::string text = page.Text();
    const size_t at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "none";
    const size_t begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  HttpCounters counters_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTest, AGetIsAnsweredByItsRoute) {
  for (const char* target : {"/health", "/health?x=1"}) {
    const std::string response = Get(target);
    EXPECT_EQ(response.find("HTTP/1.1 200 OK"), 0u) << response;
    EXPECT_NE(response.find("Content-Type: application/json"), std::string::npos);
    EXPECT_NE(response.find("\r\n\r\n{\"status\":\"ok\"}"), std::string::npos) << response;
  }
  EXPECT_EQ(Get("/busy").find("HTTP/1.1 503 "), 0u);
  EXPECT_EQ(Get("/broken").find("HTTP/1.1 500 "), 0u);
  const std::string text = Get("/text");
  EXPECT_NE(text.find("Content-Type: text/plain\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\n\r\na 1\n"), std::string::npos);
}

TEST_F(HttpTest, EveryAnswerTellsBrowsersWhatItIsNot) {
  for (const char* target : {"/health", "/nowhere", "/broken"}) {
    const std::string response = Get(target);
    for (const char* header :
         {"X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Cache-Control: no-store",
          "Content-Security-Policy: default-src 'none'", "Referrer-Policy: no-referrer"}) {
      EXPECT_NE(response.find(header), std::string::npos) << target << " " << header;
    }
  }
}

TEST_F(HttpTest, HeadIsAGetWithoutItsBody) {
  Connection connection(server_->port());
  connection.Send("HEAD /health HTTP/1.1\r\n\r\n");
  const std::string head = connection.ReceiveHead();
  EXPECT_EQ(head.find("HTTP/1.1 200 OK"), 0u) << head;
  EXPECT_NE(head.find("Content-Length: 15\r\n"), std::string::npos) << head;
  connection.Send("GET /text HTTP/1.1\r\n\r\n");  // no body came in between
  EXPECT_EQ(connection.Receive().find("HTTP/1.1 200 OK"), 0u);
}

TEST_F(HttpTest, OptionsSayWhatMayBeAsked) {
  const std::string response = Ask("OPTIONS /health HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(response.find("HTTP/1.1 204 "), 0u) << response;
  EXPECT_NE(response.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos) << response;
  EXPECT_EQ(response.find("Access-Control"), std::string::npos) << response;
}

std::string FromOrigin(const std::string& method, const std::string& origin, const std::string& more = "") {
  return method + " /health HTTP/1.1\r\nOrigin: " + origin + "\r\n" + more + "Connection: close\r\n\r\n";
}

TEST_F(HttpTest, PagesOfOtherOriginsReadNothingByThemselves) {
  EXPECT_EQ(Ask(FromOrigin("GET", "https://evil.example")).find("Access-Control"), std::string::npos);
  const std::string preflight =
      Ask(FromOrigin("OPTIONS", "https://evil.example", "Access-Control-Request-Method: GET\r\n"));
  EXPECT_EQ(preflight.find("HTTP/1.1 403 "), 0u) << preflight;
  EXPECT_EQ(preflight.find("Access-Control"), std::string::npos) << preflight;
}

TEST_F(HttpTest, NamedOriginsMayRead) {
  Serve({.routes = MakeRoutes({"https://chat.example", "http://localhost:3000"}), .counters = counters_});
  for (const char* origin : {"https://chat.example", "http://localhost:3000"}) {
    const std::string response = Ask(FromOrigin("GET", origin));
    EXPECT_NE(response.find("Access-Control-Allow-Origin: " + std::string(origin) + "\r\n"),
              std::string::npos);
    EXPECT_NE(response.find("Vary: Origin\r\n"), std::string::npos);
    const std::string preflight =
        Ask(FromOrigin("OPTIONS", origin, "Access-Control-Request-Method: GET\r\n"));
    EXPECT_EQ(preflight.find("HTTP/1.1 204 "), 0u) << preflight;
    EXPECT_NE(preflight.find("Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  }
  const std::string other = Ask(FromOrigin("GET", "https://chat.example.evil"));
  EXPECT_EQ(other.find("Access-Control"), std::string::npos);
  EXPECT_NE(other.find("Vary: Origin\r\n"), std::string::npos) << "a cache must not mix them up";
}

TEST_F(HttpTest, AnyOriginMayRead) {
  Serve({.routes = MakeRoutes({"*"}), .counters = counters_});
  const std::string response = Ask(FromOrigin("GET", "https://somewhere.example"));
  EXPECT_NE(response.find("Access-Control-Allow-Origin: *\r\n"), std::string::npos);
  EXPECT_EQ(response.find("Vary"), std::string::npos);
}

TEST(CorsPolicy, RefusesWhatIsNoOrigin) {
  for (const char* origin : {"", "chat.example", "https://", "https://chat.example/", "https://Chat.example",
                             "ftp://chat.example", "https://a b", "null"}) {
    const auto policy = CorsPolicy::Of({origin});
    ASSERT_FALSE(policy) << origin;
    EXPECT_EQ(policy.error().code, Code::INVALID_ARGUMENT);
  }
}

TEST(Health, ReadyNamesWhatIsMissing) {
  EXPECT_EQ(ReadyJson({.broker_connected = true, .store_readable = true, .applied = 9, .committed = 8}),
            R"({"status":"ready","missing":[],"applied":"9","committed":"8"})");
  EXPECT_EQ(
      ReadyJson({}),
      R"({"status":"not ready","missing":["broker","store","committed index"],"applied":"0","committed":"0"})");
  EXPECT_EQ(ReadyJson({.broker_connected = true, .applied = 9, .committed = 8}),
            R"({"status":"not ready","missing":["store"],"applied":"9","committed":"8"})");
  EXPECT_FALSE((Health{.broker_connected = true, .store_readable = true, .applied = 9}).ready());
}

TEST(Health, LivesWithoutABroker) {
  EXPECT_EQ(HealthJson({.broker_connected = true, .applied = 9}),
            R"({"status":"ok","broker":"connected","applied":"9"})");
  EXPECT_EQ(HealthJson({}), R"({"status":"degraded","broker":"disconnected","applied":"0"})");
}

TEST_F(HttpTest, OtherPathsAndMethods) {
  for (const auto& [request, status] : {
           std::pair<std::string, std::string>{"GET / HTTP/1.1\r\n\r\n", "404"},
           {"GET /healthy HTTP/1.1\r\n\r\n", "404"},
           {"OPTIONS /x HTTP/1.1\r\n\r\n", "404"},
           {"POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", "404"},
           {"POST /health HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", "405"},
           {"DELETE /health HTTP/1.1\r\n\r\n", "405"},
           {"BREW /health HTTP/1.1\r\n\r\n", "405"},
           {"nonsense\r\n\r\n", "400"},
           {"GET /health HTTP/1.1\r\nX: " + std::string(9'000, 'x') + "\r\n\r\n", "431"},
           {"POST /health HTTP/1.1\r\nContent-Length: 1025\r\n\r\n" + std::string(1025, 'x'), "413"},
           {"POST /health HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"},
       }) {
    const std::string response = Ask(request);
    EXPECT_EQ(response.find("HTTP/1.1 " + status + " "), 0u) << request.substr(0, 60) << " → " << response;
    EXPECT_NE(response.find("application/json"), std::string::npos);
  }
}

TEST_F(HttpTest, AConnectionServesManyRequests) {
  Connection connection(server_->port());
  for (int i = 0; i < 3; ++i) {
    connection.Send("GET /health HTTP/1.1\r\n\r\n");
    EXPECT_EQ(connection.Receive().find("HTTP/1.1 200"), 0u);
  }
}

TEST_F(HttpTest, ConnectionsAreBounded) {
  {
    std::vector<std::unique_ptr<Connection>> open;
    for (int i = 0; i < limits::kHttpConnectionsMax; ++i) {
      open.push_back(std::make_unique<Connection>(server_->port()));
      open.back()->Send("GET /health HTTP/1.1\r\n\r\n");
      ASSERT_NE(open.back()->Receive(), "");
    }
    EXPECT_EQ(Connection(server_->port()).Receive(), "");
    EXPECT_EQ(Value("parley_http_connections_turned_away_total"), "1");
    EXPECT_EQ(Value("parley_http_connections"), std::to_string(limits::kHttpConnectionsMax));
  }
  // Closed ones make room again.
  for (int i = 0; i < 500; ++i) {
    if (Get("/health").find("HTTP/1.1 200") == 0) return;
    ::usleep(10'000);
  }
  FAIL() << "no room after 5 s";
}

TEST_F(HttpTest, APortInUseIsOneLine) {
  const auto second = HttpServer::Start({.port = server_->port(), .routes = {}, .counters = counters_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::UNAVAILABLE);
  EXPECT_EQ(second.error().reason, "port " + std::to_string(server_->port()) + " is in use");
  const auto bad = HttpServer::Start({.host = "nonsense", .routes = {}, .counters = counters_});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::INVALID_ARGUMENT);
}

// Bytes that trickle in do not win time: the limit is for the whole request.
TEST_F(HttpTest, ASlowRequestIsCutOff) {
  Serve({.routes = MakeRoutes(), .timeout_ms = 100, .counters = counters_});
  Connection slow(server_->port());
  slow.Send("GET /health HTTP/1.1\r\n");
  for (int i = 0; i < 500; ++i) {
    if (!slow.TrySend("X: y\r\n")) return;
    if (slow.Closed(10)) return;
  }
  FAIL() << "still open after 5 s";
}

TEST_F(HttpTest, AnIdleConnectionIsClosed) {
  Serve({.routes = MakeRoutes(), .timeout_ms = 100, .counters = counters_});
  Connection idle(server_->port());
  idle.Send("GET /health HTTP/1.1\r\n\r\n");
  EXPECT_EQ(idle.Receive().find("HTTP/1.1 200"), 0u);
  EXPECT_TRUE(idle.Closed(5000));
}

TEST_F(HttpTest, RequestsAreCountedByPathAndStatus) {
  Get("/health");
  Get("/health?again");
  Get("/nowhere");
  Ask("nonsense\r\n\r\n");
  MetricsPage page;
  counters_.Collect(page);
  const std::string text = page.Text();
  for (const char* line : {R"(parley_http_requests_total{path="/health",status="200"} 2)",
                           R"(parley_http_requests_total{path="other",status="404"} 1)",
                           R"(parley_http_requests_total{path="other",status="400"} 1)"}) {
    EXPECT_NE(text.find(line), std::string::npos) << text;
  }
}

TEST_F(HttpTest, WrongTlsFilesAreOneLine) {
  for (const auto& [certificate, key] :
       {std::pair<std::string, std::string>{"/no/such.crt", "/no/such.key"}, {"/dev/null", "/dev/null"}}) {
    const auto server = HttpServer::Start(
        {.routes = {}, .tls_certificate = certificate, .tls_key = key, .counters = counters_});
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, Code::INVALID_ARGUMENT);
    EXPECT_EQ(server.error().reason,
              "--http-tls-cert " + certificate + ": no certificate in PEM can be read there");
  }
}

TEST_F(HttpTest, StopsWithConnectionsOpen) {
  Connection connection(server_->port());
  connection.Send("GET /health HTTP/1.1\r\n");  // half a request
  server_.reset();
  EXPECT_EQ(connection.Receive(), "");
}

}  // namespace
}  // namespace parley::bridge
