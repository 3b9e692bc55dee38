#include "bridge/providers/webhook.h"

#include <utility>

#include "bridge/outbound/signature.h"
#include "bridge/providers/endpoint_verdict.h"
#include "bridge/providers/payload.h"
#include "bridge/providers/web_push_limits.h"

namespace parley::bridge {
namespace {

class WebhookPush final : public PushProvider {
 public:
  explicit WebhookPush(WebhookSigner signer) : signer_(std::move(signer)) {}

  v1::Push::Provider kind() const override { return v1::Push::WEBHOOK; }
  bool can_withdraw() const override { return true; }

  std::optional<HttpRequest> SignIn(int64_t /*wall_ms*/) override { return std::nullopt; }
  PushVerdict TakeSignIn(const HttpAnswer& /*answer*/, int64_t /*wall_ms*/) override { return {}; }

  Result<HttpRequest> Build(const PushNotification& notification, const PushTargetDevice& device,
                            int64_t wall_ms) override {
    Result<std::string> body = PayloadOf(notification, limits::kWebhookPushBytesMax);
    if (!body) return std::move(body).error();
    HttpRequest request{.url = device.webhook().url(), .headers = {}, .body = *std::move(body)};
    request.headers = signer_.Headers(notification.id, wall_ms / 1'000, request.body);
    request.headers.emplace_back("Content-Type", "application/json");
    return request;
  }

  PushVerdict Judge(const HttpAnswer& answer, int64_t wall_ms) override {
    return JudgeEndpoint(answer, wall_ms);
  }

 private:
  const WebhookSigner signer_;
};

}  // namespace

Result<std::unique_ptr<PushProvider>> MakeWebhookPush(std::string_view secret) {
  Result<WebhookSigner> signer = WebhookSigner::Of(secret.substr(0, secret.find_last_not_of(" \t\r\n") + 1));
  if (!signer) return std::move(signer).error();
  return std::unique_ptr<PushProvider>(std::make_unique<WebhookPush>(*std::move(signer)));
}

}  // namespace parley::bridge
