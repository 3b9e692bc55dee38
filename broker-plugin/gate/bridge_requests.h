#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/delivery/delivery.h"
#include "broker-plugin/gate/member_requests.h"

namespace parley::plugin {

// The requests that the bridge answers: handed to it, and remembered until its answer comes, so that none is
// ever unanswered. What the bridge says goes to the client that asked, if that still belongs to the user who
// did. Broker thread only.
class BridgeRequests {
 public:
  using Clock = std::chrono::steady_clock;

  // Requests under way; above: RESOURCE_EXHAUSTED.
  static constexpr size_t kUnderWayMax = 8192;
  // How long one waits for an answer of a bridge that is connected; then: UNAVAILABLE.
  static constexpr std::chrono::seconds kAnswerTimeout{30};

  // `first_number`: greater than any of an earlier process, whose answers may still come.
  BridgeRequests(Sessions& sessions, Delivery& delivery, uint64_t first_number)
      : sessions_(sessions), delivery_(delivery), next_number_(first_number) {}

  static bool Has(std::string_view method);

  // UNAVAILABLE, RESOURCE_EXHAUSTED: not handed on, and not answered.
  Status Forward(std::string_view method, const IncomingRequest& request, Clock::time_point now);

  // An admin command that the bridge answers. `done` is called once, with the reply's payload or with why
  // there is none; not when this returns an error.
  struct AdminQuestion {
    std::string user;
    std::string client;
    std::string payload;  // JSON
  };
  using Done = std::function<void(const Result<std::string_view>& payload)>;
  Status ForwardAdmin(const std::string& method, AdminQuestion question, Done done, Clock::time_point now);

  // A ReplyEnvelope of the bridge. One that nobody waits for is dropped.
  void OnReply(std::string_view payload);
  // The bridge has gone: all that it was asked are answered UNAVAILABLE.
  void OnBridgeGone();
  // Answers those that have waited too long.
  void Expire(Clock::time_point now);

  size_t under_way() const { return under_way_.size(); }

 private:
  struct UnderWay {
    std::string user;
    std::string client;
    std::string request_id;
    Encoding encoding;
    ReplyAddress address;
    Done done;  // of an admin command; then the address is none
    Clock::time_point expires;
  };

  Status CheckRoom() const;
  // Takes the request among those under way, and hands it to the bridge.
  void Send(std::string_view method, std::string_view payload, UnderWay request);
  void Refuse(const UnderWay& request, const Error& why);
  void Reply(const UnderWay& request, std::string_view payload);

  Sessions& sessions_;
  Delivery& delivery_;
  uint64_t next_number_;
  std::map<uint64_t, UnderWay> under_way_;  // by number, so in order of expiry
};

}  // namespace parley::plugin
