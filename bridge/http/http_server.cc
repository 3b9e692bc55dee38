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
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "bridge/http/tls.h"

namespace parley::bridge {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

// After a failed accept (out of descriptors): try again then.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string_view HeaderOf(const Request& request, http::field field) {
  const beast::string_view value = request[field];
  return {value.data(), value.size()};
}

std::string_view ViewOf(beast::string_view text) {
  return {text.data(), text.size()};
}

// On every answer: nothing here is a page, to be framed, or of a type to be guessed. (No HSTS: it would speak
// for the host's other ports.)
Response MakeResponse(HttpReply reply, unsigned version, bool head) {
  Response response(http::int_to_status(static_cast<unsigned>(reply.status)), version);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Frame-Options", "DENY");
  response.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.set("Referrer-Policy", "no-referrer");
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  if (reply.status == 204) return response;
  response.set(http::field::content_type, reply.content_type);
  response.content_length(reply.body.size());
  if (!head) response.body() = std::move(reply.body);
  return response;
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
  explicit BeastServer(HttpOptions options) : options_(std::move(options)) {}

  ~BeastServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Status UseTls() {
    if (options_.tls_certificate.empty() && options_.tls_key.empty()) return {};
    Result<std::unique_ptr<asio::ssl::context>> tls =
        MakeTlsContext(options_.tls_certificate, options_.tls_key);
    if (!tls) return std::move(tls).error();
    tls_ = *std::move(tls);
    return {};
  }

  Status Bind() {
    const std::string& host = options_.host;
    const uint16_t port = options_.port;
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
      if (connections_ >= options_.connections_max) {
        options_.counters.TurnedAway();
        continue;  // closes it
      }
      ++connections_;
      options_.counters.Opened();
      asio::co_spawn(context_, Serve(std::move(socket)), [this](const std::exception_ptr&) {
        --connections_;
        options_.counters.Closed();
      });
    }
  }

  asio::awaitable<void> Serve(tcp::socket socket) {
    error_code error;
    if (!tls_) {
      beast::tcp_stream stream(std::move(socket));
      co_await Converse(stream);
      stream.socket().shutdown(tcp::socket::shutdown_send, error);
      co_return;
    }
    beast::ssl_stream<beast::tcp_stream> stream(std::move(socket), *tls_);
    Restart(stream);
    co_await stream.async_handshake(asio::ssl::stream_base::server,
                                    asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await Converse(stream);
    Restart(stream);
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
  }

  // One limit for the step that begins now, however its bytes trickle in.
  template <typename Stream>
  void Restart(Stream& stream) {
    beast::get_lowest_layer(stream).expires_after(std::chrono::milliseconds(options_.timeout_ms));
  }

  template <typename Stream>
  asio::awaitable<void> Converse(Stream& stream) {
    beast::flat_buffer buffer(limits::kHttpHeaderBytesMax + limits::kHttpBodyBytesMax + 1024);
    bool keep_alive = true;
    while (keep_alive) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(limits::kHttpHeaderBytesMax);
      parser.body_limit(limits::kHttpBodyBytesMax);
      error_code error;
      Restart(stream);
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      std::optional<Response> response;
      if (!error) {
        response = Respond(parser.get());
        response->keep_alive(parser.get().keep_alive());
      } else if (const std::optional<http::status> status = StatusOf(error)) {
        options_.counters.Answered("other", static_cast<int>(*status));
        response = MakeResponse(HttpFailure(static_cast<int>(*status)), 11, false);
        response->keep_alive(false);
      } else {
        break;
      }
      keep_alive = response->keep_alive();
      Restart(stream);
      co_await http::async_write(stream, *response, asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
    }
  }

  Response Respond(const Request& request) {
    const std::string_view target = ViewOf(request.target());
    HttpReply reply = options_.routes.Answer(
        {.method = ViewOf(request.method_string()),
         .target = target,
         .origin = HeaderOf(request, http::field::origin),
         .preflight_method = HeaderOf(request, http::field::access_control_request_method)});
    options_.counters.Answered(options_.routes.PathName(target), reply.status);
    return MakeResponse(std::move(reply), request.version(), request.method() == http::verb::head);
  }

  const HttpOptions options_;
  std::unique_ptr<asio::ssl::context> tls_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  int connections_ = 0;  // of the server's thread
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpOptions options) {
  auto server = std::make_unique<BeastServer>(std::move(options));
  if (Status tls = server->UseTls(); !tls) return std::move(tls).error();
  if (Status bound = server->Bind(); !bound) return std::move(bound).error();
  server->Serve();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace parley::bridge
