#include <atomic>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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
  void SetUp() override {
    auto server = HttpServer::Start({.host = "127.0.0.1", .port = 0, .health = [this] {
                                       return Health{connected_, readable_, 912};
                                     }});
    ASSERT_TRUE(server) << server.error().reason;
    server_ = *std::move(server);
  }

  std::string Ask(const std::string& request) {
    Connection connection(server_->port());
    connection.Send(request);
    return connection.Receive();
  }
  std::string Get(const std::string& target) { return Ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"); }

  std::atomic<bool> connected_{true};
  std::atomic<bool> readable_{true};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTest, HealthIsOk) {
  for (const char* target : {"/health", "/health?x=1"}) {
    const std::string response = Get(target);
    EXPECT_EQ(response.find("HTTP/1.1 200 OK"), 0u) << response;
    EXPECT_NE(response.find("Content-Type: application/json"), std::string::npos);
    EXPECT_NE(response.find("\r\n\r\n{\"status\":\"ok\",\"broker\":\"connected\",\"applied\":\"912\"}"),
              std::string::npos)
        << response;
  }
}

TEST_F(HttpTest, HealthIsDegraded) {
  connected_ = false;
  std::string response = Get("/health");
  EXPECT_EQ(response.find("HTTP/1.1 503 "), 0u);
  EXPECT_NE(response.find(R"({"status":"degraded","broker":"disconnected")"), std::string::npos);
  connected_ = true;
  readable_ = false;
  response = Get("/health");
  EXPECT_EQ(response.find("HTTP/1.1 503 "), 0u);
  EXPECT_NE(response.find(R"({"status":"degraded","broker":"connected")"), std::string::npos);
}

TEST_F(HttpTest, OtherPathsAndMethods) {
  for (const auto& [request, status] : {
           std::pair<std::string, std::string>{"GET / HTTP/1.1\r\n\r\n", "404"},
           {"GET /healthy HTTP/1.1\r\n\r\n", "404"},
           {"POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", "404"},
           {"POST /health HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", "405"},
           {"DELETE /health HTTP/1.1\r\n\r\n", "405"},
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
  }
  // Closed ones make room again.
  for (int i = 0; i < 500; ++i) {
    if (Get("/health").find("HTTP/1.1 200") == 0) return;
    ::usleep(10'000);
  }
  FAIL() << "no room after 5 s";
}

TEST_F(HttpTest, APortInUseIsOneLine) {
  const auto second = HttpServer::Start({.host = "127.0.0.1", .port = server_->port(), .health = {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::UNAVAILABLE);
  EXPECT_EQ(second.error().reason, "port " + std::to_string(server_->port()) + " is in use");
  const auto bad = HttpServer::Start({.host = "nonsense", .port = 0, .health = {}});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::INVALID_ARGUMENT);
}

TEST_F(HttpTest, StopsWithConnectionsOpen) {
  Connection connection(server_->port());
  connection.Send("GET /health HTTP/1.1\r\n");  // half a request
  server_.reset();
  EXPECT_EQ(connection.Receive(), "");
}

}  // namespace
}  // namespace parley::bridge
