#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/outbound/address_policy.h"
#include "schemas/result.h"

namespace parley::bridge {

// A POST to somebody else's server.
struct HttpRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // On the client's thread, once, before the first byte of the body goes out; short. False: nothing goes out,
  // and the answer is kNotSent.
  std::function<bool()> on_start{};
};

// What came of it.
struct HttpAnswer {
  enum class Kind {
    kAnswered,  // `status` and what follows it are the server's
    kNotSent,   // the server has not acted on it (no connection, a stream that it refused): may be sent again
    kNoAnswer,  // it went out, and no whole answer came: perhaps the server has acted on it
    kForbidden,  // the address is one that must not be called
  };
  Kind kind = Kind::kNotSent;
  int status = 0;
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};                            // the first limits::kHttpAnswerBytesMax bytes
  std::string error{};                           // one line, unless answered
};

// Sends requests in parallel on a thread of its own, over few connections that are kept (HTTP/2 where the
// server has it). Never follows a redirect, uses no proxy, and connects to no address that the policy
// forbids, whatever a name resolves to at that moment. Repeats nothing of its own accord that a server may
// have acted on.
class HttpClient {
 public:
  struct Options {
    std::string name;  // of its thread, at most 15 bytes
    AddressPolicy policy;
    std::string ca_file;          // more trusted authorities; "": the system's alone
    size_t connections_per_host;  // > 0; as many again while they are replaced by new ones
    int64_t connect_timeout_ms;
    int64_t timeout_ms;  // of the whole request
  };
  using Done = std::function<void(HttpAnswer)>;

  static Result<std::unique_ptr<HttpClient>> Start(Options options);
  // Ends what is under way: kNoAnswer, or kNotSent when nothing went out. No `done` is called later.
  virtual ~HttpClient() = default;

  // Any thread. `done` is called once, on the client's thread (at the end on the destructor's): be short.
  virtual void Send(HttpRequest request, Done done) = 0;
};

}  // namespace parley::bridge
