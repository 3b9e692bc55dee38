#include "bridge/providers/fcm.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "bridge/providers/jwt.h"
#include "bridge/providers/limits.h"
#include "bridge/providers/notification_form.h"
#include "bridge/providers/secret_file.h"

namespace parley::bridge {
namespace {

using nlohmann::json;
using Kind = PushVerdict::Kind;

constexpr const char* kUrl = "https://fcm.googleapis.com";
constexpr const char* kScope = "https://www.googleapis.com/auth/firebase.messaging";
constexpr const char* kGrant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
constexpr int64_t kMsPerSecond = 1'000;
// Of the assertion that asks for a token: the longest that Google takes.
constexpr int64_t kAssertionSeconds = 3'600;
// A token is replaced so long before it expires, or at half its life when that is shorter.
constexpr int64_t kRenewBeforeMs = 300'000;
constexpr int64_t kTokenSecondsMax = 86'400;
// A refusal within this time of the last one is about a request that still had the old token.
constexpr int64_t kOldTokenMs = 60'000;
// The longest that FCM keeps a message: four weeks.
constexpr int64_t kTtlSecondsMax = 2'419'200;
// How long to wait after QUOTA_EXCEEDED that does not say it.
constexpr int64_t kQuotaMs = 60'000;

struct Account {
  std::string project;
  std::string email;
  std::string key_id;
  std::string token_url;
};

bool IsProjectId(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '.';
  });
}

// What may stand in a header.
bool IsToken(std::string_view text) {
  return !text.empty() && text.size() <= limits::kAccessTokenBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

// The error of an answer: FCM's own code where there is one, else Google's status.
struct FcmError {
  std::string code;
  std::string status;
  std::string message;
};

FcmError ErrorOf(const HttpAnswer& answer) {
  const json body = json::parse(answer.body, nullptr, false);
  if (!body.is_object() || !body.contains("error")) return {};
  const json& error = body["error"];
  FcmError found{.code = "", .status = TextAt(error, "status"), .message = TextAt(error, "message")};
  if (!error.is_object() || !error.contains("details") || !error["details"].is_array()) return found;
  for (const json& detail : error["details"]) {
    if (std::string code = TextAt(detail, "errorCode"); !code.empty()) found.code = std::move(code);
  }
  return found;
}

class Fcm final : public PushProvider {
 public:
  Fcm(Account account, JwtSigner signer, const std::string& url)
      : account_(std::move(account)),
        signer_(std::move(signer)),
        send_url_(url + "/v1/projects/" + account_.project + "/messages:send") {}

  v1::Push::Provider kind() const override { return v1::Push::FCM; }
  bool can_withdraw() const override { return true; }

  std::optional<HttpRequest> SignIn(int64_t wall_ms) override;
  PushVerdict TakeSignIn(const HttpAnswer& answer, int64_t wall_ms) override;
  Result<HttpRequest> Build(const PushNotification& notification, const PushTargetDevice& device,
                            int64_t wall_ms) override;
  PushVerdict Judge(const HttpAnswer& answer, int64_t wall_ms) override;

 private:
  PushVerdict JudgeUnauthenticated(const FcmError& error, const std::string& line, int64_t wall_ms);

  const Account account_;
  const JwtSigner signer_;
  const std::string send_url_;
  std::string token_;  // "": there is none
  int64_t renew_ms_ = 0;
  std::optional<int64_t> dropped_ms_;  // when FCM refused a token last
};

std::optional<HttpRequest> Fcm::SignIn(int64_t wall_ms) {
  if (!token_.empty() && wall_ms < renew_ms_) return std::nullopt;
  const int64_t now_s = wall_ms / kMsPerSecond;
  json header = json::object();
  if (!account_.key_id.empty()) header["kid"] = account_.key_id;
  const Result<std::string> assertion = signer_.Sign(header, {{"iss", account_.email},
                                                              {"scope", kScope},
                                                              {"aud", account_.token_url},
                                                              {"iat", now_s},
                                                              {"exp", now_s + kAssertionSeconds}});
  HttpRequest request;
  request.url = account_.token_url;
  request.headers = {{"content-type", "application/x-www-form-urlencoded"}};
  // Without a signature the answer says what is missing.
  request.body = std::string("grant_type=") + kGrant + "&assertion=" + (assertion ? *assertion : "");
  return request;
}

PushVerdict Fcm::TakeSignIn(const HttpAnswer& answer, int64_t wall_ms) {
  // To sign in once more does no harm.
  if (answer.kind == HttpAnswer::Kind::kForbidden) return Verdict(Kind::kBlocked, answer.error);
  if (answer.kind != HttpAnswer::Kind::kAnswered) return Verdict(Kind::kRetry, answer.error);
  const json body = json::parse(answer.body, nullptr, false);
  if (answer.status == 200) {
    std::string token = TextAt(body, "access_token");
    int64_t seconds = 0;
    if (body.is_object() && body.contains("expires_in") && body["expires_in"].is_number_integer())
      seconds = std::clamp<int64_t>(body["expires_in"].get<int64_t>(), 0, kTokenSecondsMax);
    if (!IsToken(token) || seconds == 0)
      return Verdict(Kind::kRetry, "the sign-in's answer has no access token");
    const int64_t life_ms = seconds * kMsPerSecond;
    token_ = std::move(token);
    renew_ms_ = wall_ms + life_ms - std::min(kRenewBeforeMs, life_ms / 2);
    return Verdict(Kind::kAccepted, "");
  }
  std::string why = TextAt(body, "error");
  if (const std::string more = TextAt(body, "error_description"); !more.empty()) why += ": " + more;
  PushVerdict verdict = JudgeStatus(answer, why, wall_ms);
  // invalid_grant and its like: an account that is gone, or a clock that is wrong.
  if (verdict.kind != Kind::kRetry) verdict.kind = Kind::kBlocked;
  verdict.detail = "sign in: " + verdict.detail;
  return verdict;
}

Result<HttpRequest> Fcm::Build(const PushNotification& notification, const PushTargetDevice& device,
                               int64_t wall_ms) {
  if (!device.has_fcm()) return Error{Code::INVALID_ARGUMENT, "is not registered with FCM"};
  if (token_.empty()) return Error{Code::INVALID_ARGUMENT, "there is no access token yet"};
  const bool shown = notification.kind != PushNotification::Kind::kWithdraw;
  // FCM counts what the application gets, not how it is carried.
  Result<json> message =
      FitText(notification, limits::kPushPayloadBytesMax, [&](const PushNotification& fit) {
        json made = {{"data", FieldsOf(fit)}};
        if (!shown) return made;
        const ShownLines lines = LinesOf(fit);
        made["notification"] = {{"title", lines.title}, {"body", lines.body}};
        return made;
      });
  if (!message) return std::move(message).error();
  const int64_t ttl_s =
      std::clamp<int64_t>((notification.expires_ms - wall_ms) / kMsPerSecond, 0, kTtlSecondsMax);
  json android = {{"collapse_key", notification.collapse},
                  {"priority", shown && notification.urgent ? "HIGH" : "NORMAL"},
                  {"ttl", std::to_string(ttl_s) + "s"}};
  if (shown) android["notification"] = {{"tag", notification.collapse}};
  (*message)["android"] = std::move(android);
  (*message)["token"] = device.fcm().token();
  HttpRequest request;
  request.url = send_url_;
  request.headers = {{"authorization", "Bearer " + token_}, {"content-type", "application/json"}};
  request.body = Dump({{"message", *std::move(message)}});
  return request;
}

PushVerdict Fcm::Judge(const HttpAnswer& answer, int64_t wall_ms) {
  if (std::optional<PushVerdict> unanswered = JudgeUnanswered(answer)) return *std::move(unanswered);
  if (answer.status == 200) return Verdict(Kind::kAccepted, "");
  const FcmError error = ErrorOf(answer);
  std::string line = error.code.empty() ? error.status : error.code;
  if (!error.message.empty()) line += ": " + error.message;
  if (error.code == "UNREGISTERED" || error.code == "SENDER_ID_MISMATCH") return Verdict(Kind::kDead, line);
  if (answer.status == 401) return JudgeUnauthenticated(error, line, wall_ms);
  if (answer.status == 429) {
    PushVerdict verdict = RetryLater(answer, line, wall_ms);
    if (!verdict.retry_after_ms) verdict.retry_after_ms = kQuotaMs;
    return verdict;
  }
  return JudgeStatus(answer, line, wall_ms);
}

PushVerdict Fcm::JudgeUnauthenticated(const FcmError& error, const std::string& line, int64_t wall_ms) {
  if (!dropped_ms_ || wall_ms - *dropped_ms_ >= kOldTokenMs || wall_ms < *dropped_ms_) {
    dropped_ms_ = wall_ms;
    token_.clear();
    return Verdict(Kind::kSignIn, line);
  }
  // FCM says this, too, when the project has no key of the device's own service: another token is no help.
  if (error.code == "THIRD_PARTY_AUTH_ERROR" && !token_.empty()) return Verdict(Kind::kRefused, line);
  return Verdict(Kind::kSignIn, line);
}

Error Bad(const std::string& path, const std::string& why) {
  return {Code::INVALID_ARGUMENT, path + ": " + why};
}

}  // namespace

Result<std::unique_ptr<PushProvider>> MakeFcm(const FcmOptions& options) {
  const std::string& path = options.account_file;
  const Result<std::string> text = ReadSecretFile(path);
  if (!text) return text.error();
  const json file = json::parse(*text, nullptr, false);
  if (!file.is_object()) return Bad(path, "is not the JSON of a service account");
  for (const char* name : {"project_id", "client_email", "private_key", "token_uri"}) {
    if (TextAt(file, name).empty())
      return Bad(path, std::string("there is no ") + name + ": download the JSON of a service account");
  }
  Account account{.project = TextAt(file, "project_id"),
                  .email = TextAt(file, "client_email"),
                  .key_id = TextAt(file, "private_key_id"),
                  .token_url = TextAt(file, "token_uri")};
  if (!IsProjectId(account.project)) return Bad(path, "project_id is not one of Google's");
  if (account.token_url.compare(0, 4, "http") != 0) return Bad(path, "token_uri is not a URL");
  Result<JwtSigner> signer = JwtSigner::FromPem(TextAt(file, "private_key"));
  if (!signer) return std::move(signer).error().Within(path + ": private_key");
  if (signer->is_elliptic()) return Bad(path, "private_key is not an RSA key");
  return std::unique_ptr<PushProvider>(std::make_unique<Fcm>(std::move(account), *std::move(signer),
                                                             options.url.empty() ? kUrl : options.url));
}

}  // namespace parley::bridge
