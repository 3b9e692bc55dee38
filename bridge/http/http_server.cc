#include "bridge/http/http_server.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>  // before Boost.Asio 1.74, which uses std::exchange and does not include it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "bridge/service/limits.h"

namespace parley::bridge {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::chrono::milliseconds kTimeout{limits::kHttpTimeoutMs};
// After a failed accept (out of descriptors): try again then.
constexpr std::chrono::milliseconds kAcceptPause{100};

Response MakeResponse(http::status status, unsigned version, std::string body) {
  Response response(status, version);
  response.set(http::field::content_type, "application/json");
  response.set(http::field::cache_control, "no-store");
  response.body() = std::move(body);
  return response;
}

Response Failure(http::status status, unsigned version) {
  return MakeResponse(status, version, R"({"error":")" + std::string(http::obsolete_reason(status)) + "\"}");
}

Response Respond(const Request& request, const std::function<Health()>& health) {
  const beast::string_view target = request.target().substr(0, request.target().find('?'));
  if (target != "/health") return Failure(http::status::not_found, request.version());
  if (request.method() != http::verb::get) {
    Response response = Failure(http::status::method_not_allowed, request.version());
    response.set(http::field::allow, "GET");
    return response;
  }
  const Health now = health();
  return MakeResponse(now.ok() ? http::status::ok : http::status::service_unavailable, request.version(),
                      HealthJson(now));
}

// What a request that could not be read is told; nullopt: nothing, the peer is gone or too slow.
std::optional<http::status> StatusOf(const error_code& error) {
  if (error == http::error::header_limit) return http::status::request_header_fields_too_large;
  if (error == http::error::body_limit) return http::status::payload_too_large;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == make_error_code(http::error::bad_method).category())
    return http::status::bad_request;
  return std::nullopt;
}

class BeastServer final : public HttpServer {
 public:
  explicit BeastServer(std::function<Health()> health) : health_(std::move(health)) {}

  ~BeastServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Status Bind(const std::string& host, uint16_t port) {
    error_code error;
    const asio::ip::address address = asio::ip::make_address(host, error);
    if (error) return Error{Code::INVALID_ARGUMENT, "http-host: " + host + " is no IP address"};
    const tcp::endpoint endpoint(address, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    const std::string what =
        error == asio::error::address_in_use ? std::string("is in use") : "cannot be had: " + error.message();
    return Error{Code::UNAVAILABLE, "port " + std::to_string(port) + " " + what};
  }

  void Serve() {
    asio::co_spawn(context_, Accept(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }

  uint16_t port() const override { return acceptor_.local_endpoint().port(); }

 private:
  asio::awaitable<void> Accept() {
    while (true) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        asio::steady_timer timer(context_, kAcceptPause);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (connections_ >= limits::kHttpConnectionsMax) continue;  // closes it
      ++connections_;
      asio::co_spawn(context_, Converse(beast::tcp_stream(std::move(socket))),
                     [this](const std::exception_ptr&) { --connections_; });
    }
  }

  asio::awaitable<void> Converse(beast::tcp_stream stream) {
    beast::flat_buffer buffer(limits::kHttpHeaderBytesMax + limits::kHttpBodyBytesMax + 1024);
    bool keep_alive = true;
    while (keep_alive) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(limits::kHttpHeaderBytesMax);
      parser.body_limit(limits::kHttpBodyBytesMax);
      error_code error;
      stream.expires_after(kTimeout);
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      std::optional<Response> response;
      if (!error) {
        response = Respond(parser.get(), health_);
        response->keep_alive(parser.get().keep_alive());
      } else if (const std::optional<http::status> status = StatusOf(error)) {
        response = Failure(*status, 11);
        response->keep_alive(false);
      } else {
        break;
      }
      response->prepare_payload();
      keep_alive = response->keep_alive();
      stream.expires_after(kTimeout);
      co_await http::async_write(stream, *response, asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
    }
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  const std::function<Health()> health_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  int connections_ = 0;  // of the server's thread
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpOptions options) {
  auto server = std::make_unique<BeastServer>(std::move(options.health));
  if (Status bound = server->Bind(options.host, options.port); !bound) return std::move(bound).error();
  server->Serve();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace parley::bridge
