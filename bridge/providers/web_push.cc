#include "bridge/providers/web_push.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bridge/providers/endpoint_verdict.h"
#include "bridge/providers/payload.h"
#include "bridge/providers/web_push_encryption.h"
#include "bridge/providers/web_push_limits.h"
#include "schemas/base64.h"

namespace parley::bridge {
namespace {

using Kind = PushVerdict::Kind;

// Its length rounded up.
size_t PaddedBytes(size_t bytes) {
  constexpr size_t kStep = limits::kWebPushPaddingBytes;
  return std::min((bytes + kStep - 1) / kStep * kStep, limits::kWebPushPlainBytesMax);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

}  // namespace

std::optional<std::string> OriginOf(const std::string& url) {
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string::npos) return std::nullopt;
  const std::string scheme = LowerCase(std::string_view(url).substr(0, scheme_end));
  if (scheme != "https" && scheme != "http") return std::nullopt;
  const size_t host_at = scheme_end + 3;
  const size_t host_end = std::min(url.find_first_of("/?#\\", host_at), url.size());
  std::string host = LowerCase(std::string_view(url).substr(host_at, host_end - host_at));
  if (host.empty() || host.find('@') != std::string::npos) return std::nullopt;
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (host.size() > port.size() && host.compare(host.size() - port.size(), port.size(), port) == 0) {
    host.resize(host.size() - port.size());
  }
  return scheme + "://" + host;
}

std::string WebPush::public_key() const {
  return ToBase64Url(key_.public_point());
}

Result<std::string> WebPush::AuthorizationFor(const std::string& origin, int64_t wall_ms) {
  const auto known = tokens_.find(origin);
  if (known != tokens_.end() && wall_ms >= known->second.made_ms &&
      wall_ms - known->second.made_ms < limits::kVapidTokenMs - limits::kVapidRenewMs) {
    return known->second.token;
  }
  nlohmann::json claims = {{"aud", origin}, {"exp", (wall_ms + limits::kVapidTokenMs) / 1'000}};
  if (!subject_.empty()) claims["sub"] = subject_;
  Result<std::string> token = key_.Sign(nlohmann::json::object(), claims);
  if (!token) return token;
  std::string authorization = "vapid t=" + *token + ", k=" + public_key();
  if (tokens_.size() >= limits::kVapidTokensMax) tokens_.clear();
  tokens_[origin] = {authorization, wall_ms};
  return authorization;
}

bool WebPush::ForgetTokens(int64_t wall_ms) {
  const size_t before = tokens_.size();
  for (auto token = tokens_.begin(); token != tokens_.end();) {
    const int64_t age_ms = wall_ms - token->second.made_ms;
    const bool young = age_ms >= 0 && age_ms < limits::kVapidTokenYoungMs;
    token = young ? std::next(token) : tokens_.erase(token);
  }
  return tokens_.size() < before;
}

Result<HttpRequest> WebPush::Build(const PushNotification& notification, const PushTargetDevice& device,
                                   int64_t wall_ms) {
  const v1::WebPushTarget& target = device.web_push();
  const std::optional<std::string> origin = OriginOf(target.endpoint());
  const std::optional<std::string> point = FromBase64(target.keys().p256dh(), Base64::kEither);
  const std::optional<std::string> auth = FromBase64(target.keys().auth(), Base64::kEither);
  if (!origin || !point || !auth) {
    return Error{Code::INVALID_ARGUMENT, "the subscription is none: an endpoint or a key is malformed"};
  }
  const Result<std::string> payload = PayloadOf(notification, limits::kWebPushPlainBytesMax);
  if (!payload) return payload.error();
  const Result<WebPushSecrets> secrets = WebPushSecrets::Draw();
  if (!secrets) return secrets.error();
  Result<std::string> body =
      EncryptWebPush(*payload, PaddedBytes(payload->size()), {*point, *auth}, *secrets);
  if (!body) return std::move(body).error();
  Result<std::string> authorization = AuthorizationFor(*origin, wall_ms);
  if (!authorization) return std::move(authorization).error();
  const int64_t life_s = std::max<int64_t>(0, (notification.expires_ms - wall_ms) / 1'000);
  HttpRequest request{.url = target.endpoint(), .headers = {}, .body = *std::move(body)};
  request.headers = {{"Authorization", *std::move(authorization)},
                     {"Content-Type", "application/octet-stream"},
                     {"Content-Encoding", "aes128gcm"},
                     {"TTL", std::to_string(life_s)},
                     {"Urgency", notification.urgent ? "high" : "normal"}};
  if (!notification.collapse.empty()) request.headers.emplace_back("Topic", notification.collapse);
  return request;
}

PushVerdict WebPush::Judge(const HttpAnswer& answer, int64_t wall_ms) {
  PushVerdict verdict = JudgeEndpoint(answer, wall_ms);
  if (answer.kind != HttpAnswer::Kind::kAnswered) return verdict;
  if (answer.status == 404) verdict.kind = Kind::kDead;
  // Perhaps the token was at fault. The endpoint is anybody's, so what it refuses must not stop the others:
  // it is never kBlocked.
  if ((answer.status == 401 || answer.status == 403) && ForgetTokens(wall_ms)) verdict.kind = Kind::kSignIn;
  return verdict;
}

}  // namespace parley::bridge
