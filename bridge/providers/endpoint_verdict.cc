#include "bridge/providers/endpoint_verdict.h"

#include <optional>
#include <string>
#include <utility>

#include "bridge/providers/notification_form.h"

namespace parley::bridge {

PushVerdict JudgeEndpoint(const HttpAnswer& answer, int64_t wall_ms) {
  using Kind = PushVerdict::Kind;
  if (std::optional<PushVerdict> verdict = JudgeUnanswered(answer)) return *std::move(verdict);
  const int status = answer.status;
  if (status >= 200 && status < 300) return Verdict(Kind::kAccepted, "");
  const std::string detail = std::to_string(status) + (answer.body.empty() ? "" : " " + answer.body);
  if (status == 408 || status == 425 || status == 429 || status >= 500) {
    return RetryLater(answer, detail, wall_ms);
  }
  return Verdict(status == 410 ? Kind::kDead : Kind::kRefused, detail);
}

}  // namespace parley::bridge
