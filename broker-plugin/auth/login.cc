#include "broker-plugin/auth/login.h"

#include <algorithm>

#include "broker-plugin/auth/password.h"
#include "schemas/limits.h"

namespace parley::plugin {

Login::Verdict Login::Check(std::string_view user, std::string_view password, Clock::time_point now) {
  if (password.empty() || password.size() > limits::kPasswordBytesMax) return Verdict::kRefuse;
  const domain::User* known = view_.FindUser(user);
  const bool can_log_in =
      known != nullptr && !known->record.disabled() && !known->record.password_hash().empty();
  const std::string hash = can_log_in ? known->record.password_hash() : HashOfNobody();
  const std::string mac = memory_.Mac(user, hash, password);
  if (can_log_in && CredentialMemory::Equal(known->record.remembered_mac(), mac)) return Verdict::kAccept;

  Expire(now);
  if (const auto waiting = waiting_.find(mac); waiting != waiting_.end()) {
    if (!waiting->second.decided) return Verdict::kTryAgain;
    const bool right = waiting->second.right;
    waiting_.erase(waiting);
    if (right && can_log_in) remember_(known->record, mac, password);
    return right && can_log_in ? Verdict::kAccept : Verdict::kRefuse;
  }
  if (now >= next_derivation_ && !AnyUndecided()) {
    const bool right = VerifyPassword(hash, password);
    next_derivation_ = now + kLoopBudget;
    if (!right || !can_log_in) return Verdict::kRefuse;
    remember_(known->record, mac, password);
    return Verdict::kAccept;
  }
  if (waiting_.size() >= kWaitingMax) return Verdict::kTryAgain;
  const bool submitted = pool_.Submit([this, hash, mac, secret = std::string(password)] {
    const bool right = VerifyPassword(hash, secret);
    return WorkerPool::Completion([this, mac, right] {
      const auto waiting = waiting_.find(mac);
      if (waiting == waiting_.end()) return;
      waiting->second = {.decided = true, .right = right, .expires = Clock::now() + kVerdictLife};
    });
  });
  if (submitted) waiting_[mac] = {.decided = false, .right = false, .expires = now + kVerdictLife * 4};
  return Verdict::kTryAgain;
}

void Login::Expire(Clock::time_point now) {
  std::erase_if(waiting_, [now](const auto& entry) { return entry.second.expires < now; });
}

bool Login::AnyUndecided() const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [](const auto& entry) { return !entry.second.decided; });
}

}  // namespace parley::plugin
