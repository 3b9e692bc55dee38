#include "bridge/providers/notification_form.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "bridge/outbound/retry_after.h"
#include "bridge/providers/limits.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

using nlohmann::json;
using Kind = PushVerdict::Kind;

const std::string& FirstOf(const std::string& one, const std::string& other) {
  return one.empty() ? other : one;
}

const char* TypeOf(PushNotification::Kind kind) {
  switch (kind) {
    case PushNotification::Kind::kMessage:
      return "message";
    case PushNotification::Kind::kWithdraw:
      return "withdraw";
    case PushNotification::Kind::kTest:
      return "test";
  }
  return "message";
}

void Shorten(std::string& text, size_t bytes) {
  size_t end = std::min(bytes, text.size());
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
}

}  // namespace

ShownLines LinesOf(const PushNotification& notification) {
  const bool one = notification.unread <= 1;
  const std::string sender = FirstOf(notification.sender_name, notification.sender);
  ShownLines lines;
  lines.body = notification.text;
  if (lines.body.empty())
    lines.body = one ? "New message" : std::to_string(notification.unread) + " unread messages";
  if (notification.room_kind == v1::Room::DIRECT) {
    lines.title = sender;
  } else {
    lines.title = FirstOf(notification.room_title, notification.room);
    if (!sender.empty()) lines.body = sender + ": " + lines.body;
  }
  if (lines.title.empty()) lines.title = "Chat";
  return lines;
}

json FieldsOf(const PushNotification& notification) {
  json fields = {{"type", TypeOf(notification.kind)}, {"id", notification.id},
                 {"user", notification.user},         {"device", notification.device},
                 {"room", notification.room},         {"seq", std::to_string(notification.seq)}};
  if (notification.kind == PushNotification::Kind::kWithdraw) return fields;
  fields["roomKind"] = v1::Room::Kind_Name(notification.room_kind);
  fields["tsMs"] = std::to_string(notification.ts_ms);
  fields["sender"] = notification.sender;
  fields["mention"] = notification.mention ? "true" : "false";
  fields["urgent"] = notification.urgent ? "true" : "false";
  fields["badge"] = std::to_string(notification.badge);
  fields["unread"] = std::to_string(notification.unread);
  return fields;
}

std::string Dump(const json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<json> FitText(PushNotification notification, size_t bytes_max,
                     const std::function<json(const PushNotification&)>& make) {
  json best = make(notification);
  if (Dump(best).size() <= bytes_max) return best;
  const std::string text = std::exchange(notification.text, {});
  best = make(notification);
  if (Dump(best).size() > bytes_max)
    return Error{Code::INVALID_ARGUMENT, "the notification is too large even without a text"};
  // Searched, since a character that JSON escapes takes more room there than here.
  size_t fits = 0;
  size_t too_long = std::min(text.size(), bytes_max);
  while (fits + 1 < too_long) {
    const size_t middle = fits + (too_long - fits) / 2;
    notification.text = text;
    Shorten(notification.text, middle);
    json made = make(notification);
    if (Dump(made).size() > bytes_max) {
      too_long = middle;
    } else {
      fits = middle;
      best = std::move(made);
    }
  }
  return best;
}

PushVerdict Verdict(Kind kind, const std::string& detail) {
  return {.kind = kind, .detail = Printable(detail, limits::kProviderDetailBytesMax)};
}

PushVerdict RetryLater(const HttpAnswer& answer, const std::string& detail, int64_t wall_ms) {
  PushVerdict verdict = Verdict(Kind::kRetry, detail);
  verdict.retry_after_ms = RetryAfterMs(answer, wall_ms, limits::kProviderRetryAfterMsMax);
  return verdict;
}

std::optional<PushVerdict> JudgeUnanswered(const HttpAnswer& answer) {
  switch (answer.kind) {
    case HttpAnswer::Kind::kAnswered:
      return std::nullopt;
    case HttpAnswer::Kind::kNotSent:
      return Verdict(Kind::kRetry, answer.error);
    case HttpAnswer::Kind::kNoAnswer:
      return Verdict(Kind::kNoAnswer, answer.error);
    case HttpAnswer::Kind::kForbidden:
      return Verdict(Kind::kRefused, answer.error);
  }
  return std::nullopt;
}

PushVerdict JudgeStatus(const HttpAnswer& answer, const std::string& detail, int64_t wall_ms) {
  const int status = answer.status;
  if (status >= 200 && status < 300) return Verdict(Kind::kAccepted, "");
  const std::string line = std::to_string(status) + (detail.empty() ? "" : " " + detail);
  if (status == 429 || status >= 500) return RetryLater(answer, line, wall_ms);
  // Another address, or another account, is what an operator must give.
  if (status < 400 || (status >= 401 && status <= 405) || status == 407) return Verdict(Kind::kBlocked, line);
  return Verdict(Kind::kRefused, line);
}

std::string TextAt(const json& json, const char* name) {
  if (!json.is_object()) return {};
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace parley::bridge
