#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker-plugin/auth/credential_memory.h"
#include "broker-plugin/auth/worker_pool.h"
#include "core/domain/directory.h"

namespace parley::plugin {

// Password logins. A remembered password costs microseconds; any other needs a key derivation (20–25 ms), of
// which the broker loop does at most one in kLoopBudget, and none in a flood (while others wait for theirs).
// The rest is derived on the worker pool: the connection is closed without a CONNACK, client libraries try
// again, and the verdict waits for them. Broker thread only.
class Login {
 public:
  enum class Verdict { kAccept, kRefuse, kTryAgain };
  using Clock = std::chrono::steady_clock;
  // Called for a password that was right but not remembered.
  using Remember =
      std::function<void(const domain::UserRecord& user, const std::string& mac, std::string_view password)>;

  Login(const domain::Directory& view, const CredentialMemory& memory, WorkerPool& pool, Remember remember)
      : view_(view), memory_(memory), pool_(pool), remember_(std::move(remember)) {}

  Verdict Check(std::string_view user, std::string_view password, Clock::time_point now);

  static constexpr std::chrono::milliseconds kLoopBudget{250};
  static constexpr std::chrono::seconds kVerdictLife{30};
  static constexpr size_t kWaitingMax = 1024;

 private:
  // A derivation on the pool, or its result; by the MAC of what was tried.
  struct Waiting {
    bool decided = false;
    bool right = false;
    Clock::time_point expires;
  };

  void Expire(Clock::time_point now);
  bool AnyUndecided() const;

  const domain::Directory& view_;
  const CredentialMemory& memory_;
  WorkerPool& pool_;
  const Remember remember_;
  Clock::time_point next_derivation_{};
  std::unordered_map<std::string, Waiting> waiting_;
};

}  // namespace parley::plugin
