#include "bridge/providers/apns.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "bridge/providers/jwt.h"
#include "bridge/providers/limits.h"
#include "bridge/providers/notification_form.h"
#include "bridge/providers/secret_file.h"

namespace parley::bridge {
namespace {

using nlohmann::json;
using Kind = PushVerdict::Kind;

constexpr const char* kUrl = "https://api.push.apple.com";
constexpr int64_t kMsPerSecond = 1'000;
// Apple takes a token for an hour, and dislikes a new one more often than each 20 minutes.
constexpr int64_t kTokenMs = 55 * 60'000;
constexpr int64_t kTokenMsMin = 20 * 60'000;
// A refusal within this time of the last one is about a request that still had the old token.
constexpr int64_t kOldTokenMs = 60'000;

// What a reason means that its status alone does not tell. The others, by status: 429 and 5xx later; 403,
// 404, 405 all wait; the rest is refused. A topic may be a registration's: a wrong one stops nobody else.
struct Meaning {
  std::string_view reason;
  Kind kind;
};
constexpr std::array kMeanings{
    Meaning{"BadDeviceToken", Kind::kDead},
    Meaning{"DeviceTokenNotForTopic", Kind::kDead},
    Meaning{"Unregistered", Kind::kDead},
    Meaning{"ExpiredToken", Kind::kDead},
    Meaning{"MissingTopic", Kind::kBlocked},
    Meaning{"BadCertificate", Kind::kBlocked},
    Meaning{"BadCertificateEnvironment", Kind::kBlocked},
    Meaning{"Forbidden", Kind::kRefused},
    Meaning{"IdleTimeout", Kind::kRetry},
};

// The same for each attempt: a UUID (RFC 9562, version 8) of what tells the notification from all others.
std::string UuidOf(const PushNotification& notification) {
  const std::string name = std::string(1, static_cast<char>('0' + static_cast<int>(notification.kind))) +
                           notification.user + '\n' + notification.device + '\n' + notification.id;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0FU) | 0x80U);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3FU) | 0x80U);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string uuid;
  for (size_t byte = 0; byte < 16; ++byte) {
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) uuid += '-';
    uuid += kDigits[digest[byte] >> 4U];
    uuid += kDigits[digest[byte] & 15U];
  }
  return uuid;
}

bool IsHex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

json PayloadOf(const PushNotification& notification) {
  json fields = FieldsOf(notification);
  if (notification.kind == PushNotification::Kind::kWithdraw)
    return {{"aps", {{"content-available", 1}}}, {"parley", std::move(fields)}};
  const ShownLines lines = LinesOf(notification);
  return {{"aps",
           {{"alert", {{"title", lines.title}, {"body", lines.body}}},
            {"badge", notification.badge},
            {"sound", "default"},
            {"thread-id", notification.collapse},
            {"mutable-content", 1}}},
          {"parley", std::move(fields)}};
}

class Apns final : public PushProvider {
 public:
  Apns(ApnsOptions options, JwtSigner signer) : options_(std::move(options)), signer_(std::move(signer)) {}

  v1::Push::Provider kind() const override { return v1::Push::APNS; }
  bool can_withdraw() const override { return true; }

  std::optional<HttpRequest> SignIn(int64_t /*wall_ms*/) override { return std::nullopt; }
  PushVerdict TakeSignIn(const HttpAnswer& /*answer*/, int64_t /*wall_ms*/) override { return {}; }
  Result<HttpRequest> Build(const PushNotification& notification, const PushTargetDevice& device,
                            int64_t wall_ms) override;
  PushVerdict Judge(const HttpAnswer& answer, int64_t wall_ms) override;

 private:
  Status RenewToken(int64_t wall_ms);
  PushVerdict JudgeExpiredToken(const std::string& line, int64_t wall_ms);

  const ApnsOptions options_;
  const JwtSigner signer_;
  std::string token_;  // "": there is none
  int64_t made_ms_ = 0;
  std::optional<int64_t> dropped_ms_;  // when Apple refused a token last
};

Status Apns::RenewToken(int64_t wall_ms) {
  if (!token_.empty() && wall_ms >= made_ms_ && wall_ms - made_ms_ < kTokenMs) return {};
  Result<std::string> token =
      signer_.Sign({{"kid", options_.key_id}}, {{"iss", options_.team}, {"iat", wall_ms / kMsPerSecond}});
  if (!token) return std::move(token).error();
  token_ = *std::move(token);
  made_ms_ = wall_ms;
  return {};
}

Result<HttpRequest> Apns::Build(const PushNotification& notification, const PushTargetDevice& device,
                                int64_t wall_ms) {
  if (!device.has_apns() || !IsHex(device.apns().token()))
    return Error{Code::INVALID_ARGUMENT, "is not registered with APNs"};
  const std::string& topic = device.apns().topic().empty() ? options_.topic : device.apns().topic();
  if (topic.empty()) return Error{Code::INVALID_ARGUMENT, "neither the device nor the server names a topic"};
  const Result<json> payload = FitText(notification, limits::kPushPayloadBytesMax, PayloadOf);
  if (!payload) return payload.error();
  if (Status renewed = RenewToken(wall_ms); !renewed) return std::move(renewed).error();
  const bool shown = notification.kind != PushNotification::Kind::kWithdraw;
  HttpRequest request;
  request.url = (options_.url.empty() ? kUrl : options_.url) + "/3/device/" + device.apns().token();
  request.headers = {
      {"authorization", "bearer " + token_},
      {"apns-topic", topic},
      {"apns-push-type", shown ? "alert" : "background"},
      {"apns-priority", shown && notification.urgent ? "10" : "5"},
      {"apns-expiration", std::to_string(std::max<int64_t>(notification.expires_ms, 0) / kMsPerSecond)},
      {"apns-collapse-id", notification.collapse},
      {"apns-id", UuidOf(notification)},
      {"content-type", "application/json"}};
  request.body = Dump(*payload);
  return request;
}

PushVerdict Apns::Judge(const HttpAnswer& answer, int64_t wall_ms) {
  if (std::optional<PushVerdict> unanswered = JudgeUnanswered(answer)) return *std::move(unanswered);
  if (answer.status == 200) return Verdict(Kind::kAccepted, "");
  const std::string reason = TextAt(json::parse(answer.body, nullptr, false), "reason");
  if (reason == "ExpiredProviderToken") return JudgeExpiredToken(reason, wall_ms);
  const auto* const known = std::find_if(kMeanings.begin(), kMeanings.end(),
                                         [&](const Meaning& meaning) { return meaning.reason == reason; });
  if (known != kMeanings.end()) return Verdict(known->kind, std::to_string(answer.status) + " " + reason);
  if (answer.status == 410) return Verdict(Kind::kDead, "410 " + reason);
  return JudgeStatus(answer, reason, wall_ms);
}

PushVerdict Apns::JudgeExpiredToken(const std::string& line, int64_t wall_ms) {
  const int64_t since_ms = dropped_ms_ ? wall_ms - *dropped_ms_ : kTokenMsMin;
  if (since_ms >= 0 && since_ms < kOldTokenMs) return Verdict(Kind::kSignIn, line);
  if (since_ms >= 0 && since_ms < kTokenMsMin)
    return Verdict(Kind::kBlocked, line + ", though it is new: is the clock of this machine right?");
  dropped_ms_ = wall_ms;
  token_.clear();
  return Verdict(Kind::kSignIn, line);
}

}  // namespace

Result<std::unique_ptr<PushProvider>> MakeApns(const ApnsOptions& options) {
  if (options.key_id.empty() || options.team.empty())
    return Error{Code::INVALID_ARGUMENT, options.key_file + ": a key for APNs needs its key id and the team"};
  const Result<std::string> pem = ReadSecretFile(options.key_file);
  if (!pem) return pem.error();
  Result<JwtSigner> signer = JwtSigner::FromPem(*pem);
  if (!signer) return std::move(signer).error().Within(options.key_file);
  if (!signer->is_elliptic()) {
    return Error{Code::INVALID_ARGUMENT,
                 options.key_file + ": is not an elliptic curve's key: download one for APNs (.p8)"};
  }
  return std::unique_ptr<PushProvider>(std::make_unique<Apns>(options, *std::move(signer)));
}

}  // namespace parley::bridge
