#include "bridge/providers/providers.h"

#include <utility>

#include "bridge/providers/jwt.h"
#include "bridge/providers/secret_file.h"
#include "bridge/providers/vapid_key.h"
#include "bridge/providers/web_push.h"
#include "bridge/providers/webhook.h"

namespace parley::bridge {
namespace {

Status AddWebPush(const ProviderOptions& options, PushProviders& made) {
  const std::string& path = options.vapid_key_path;
  const Result<std::string> pem = ReadOrMakeKeyFile(path);
  if (!pem) return pem.error();
  Result<JwtSigner> key = JwtSigner::FromPem(*pem);
  if (!key) return std::move(key).error().Within(path);
  if (!key->is_elliptic()) {
    return Error{Code::INVALID_ARGUMENT, path +
                                             ": the key of Web Push is one of P-256; remove the file and "
                                             "one is made (browsers have to subscribe again)"};
  }
  auto provider = std::make_unique<WebPush>(*std::move(key), options.vapid_subject);
  made.vapid_public_key = provider->public_key();
  made.providers.push_back(std::move(provider));
  return {};
}

Status AddWebhook(const ProviderOptions& options, PushProviders& made) {
  if (options.webhook_secret_path.empty()) return {};
  const Result<std::string> secret = ReadSecretFile(options.webhook_secret_path);
  if (!secret) return secret.error();
  Result<std::unique_ptr<PushProvider>> provider = MakeWebhookPush(*secret);
  if (!provider) return std::move(provider).error().Within(options.webhook_secret_path);
  made.providers.push_back(*std::move(provider));
  return {};
}

}  // namespace

Result<PushProviders> MakeProviders(const ProviderOptions& options) {
  PushProviders made;
  const auto add = [&made](Result<std::unique_ptr<PushProvider>> provider) -> Status {
    if (!provider) return std::move(provider).error();
    made.providers.push_back(*std::move(provider));
    return {};
  };
  if (Status added = AddWebPush(options, made); !added) return std::move(added).error().Within("Web Push");
  if (!options.fcm.account_file.empty()) {
    if (Status added = add(MakeFcm(options.fcm)); !added) return std::move(added).error().Within("FCM");
  }
  if (!options.apns.key_file.empty()) {
    if (Status added = add(MakeApns(options.apns)); !added) return std::move(added).error().Within("APNs");
  }
  if (Status added = AddWebhook(options, made); !added) return std::move(added).error().Within("webhooks");
  return made;
}

}  // namespace parley::bridge
