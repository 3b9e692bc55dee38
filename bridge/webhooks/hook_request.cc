#include "bridge/webhooks/hook_request.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "bridge/outbound/retry_after.h"
#include "bridge/outbound/signature.h"
#include "bridge/webhooks/limits.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

constexpr int64_t kMsPerSecond = 1'000;

std::string KindOf(const v1::Event& event) {
  const auto* const descriptor = v1::Event::descriptor();
  const auto* const field = descriptor->FindFieldByNumber(event.body_case());
  return field == nullptr ? std::string() : std::string(field->name());
}

std::string Begin(const char* type, const domain::WebhookRecord& webhook) {
  const std::string name =
      nlohmann::json(webhook.webhook()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return std::string(R"({"type":")").append(type).append(R"(","webhook":)").append(name);
}

bool IsRedirect(int status) {
  return status >= 300 && status < 400 && status != 304;
}

}  // namespace

bool WantsEvent(const domain::WebhookRecord& webhook, const v1::Event& event) {
  if (event.body_case() == v1::Event::BODY_NOT_SET) return false;
  const auto& kinds = webhook.events();
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), KindOf(event)) != kinds.end();
}

std::string EventId(Rid rid, Seq seq) {
  return std::to_string(rid.value) + "-" + std::to_string(seq.value);
}

std::string EventBody(const domain::WebhookRecord& webhook, const v1::Event& event) {
  return Begin("event", webhook).append(R"(,"event":)").append(ToJson(event)).append("}");
}

std::string TestBody(const domain::WebhookRecord& webhook) {
  return Begin("test", webhook).append("}");
}

Result<HttpRequest> SignedRequest(const domain::WebhookRecord& webhook, const AddressPolicy& policy,
                                  std::string_view id, std::string body, int64_t wall_ms,
                                  const std::string& user_agent) {
  if (Status allowed = policy.CheckUrl(webhook.url()); !allowed) return std::move(allowed).error();
  const Result<WebhookSigner> signer = WebhookSigner::Of(webhook.secret());
  if (!signer) return signer.error();
  HttpRequest request;
  request.url = webhook.url();
  request.headers = signer->Headers(id, wall_ms / kMsPerSecond, body);
  request.headers.emplace_back("content-type", "application/json");
  request.headers.emplace_back("user-agent", user_agent);
  request.body = std::move(body);
  return request;
}

HookVerdict JudgeAnswer(const HttpAnswer& answer, int64_t wall_ms) {
  using Kind = HookVerdict::Kind;
  if (answer.kind != HttpAnswer::Kind::kAnswered) {
    return {.kind = Kind::kFailed, .error = Printable(answer.error, limits::kWebhookWhyBytesMax)};
  }
  if (answer.status >= 200 && answer.status < 300) return {.kind = Kind::kTaken};
  const std::string status = "the receiver answered " + std::to_string(answer.status);
  if (answer.status == 410) return {.kind = Kind::kGone, .error = status + ": it wants no more events"};
  return {.kind = Kind::kFailed,
          .error = IsRedirect(answer.status) ? status + ": redirects are not followed" : status,
          .retry_after_ms = RetryAfterMs(answer, wall_ms, limits::kWebhookRetryAfterMsMax)};
}

}  // namespace parley::bridge
