#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "bridge/providers/provider.h"
#include "schemas/result.h"

// What the push services have in common: how a notification reads, and what an answer means that says
// nothing about itself. Pure.
namespace parley::bridge {

// Two lines for a service whose devices show a notification without asking an application. Never empty.
struct ShownLines {
  std::string title;
  std::string body;
};
ShownLines LinesOf(const PushNotification& notification);

// The fields of docs/push.md but the texts that LinesOf() has, each as a text:
// {"type":"message","seq":"7",…}.
nlohmann::json FieldsOf(const PushNotification& notification);

// Malformed UTF-8 is replaced.
std::string Dump(const nlohmann::json& json);

// What `make` gives, at most `bytes_max`: the text is shortened between two characters until it fits.
// INVALID_ARGUMENT: it does not fit without a text, either.
Result<nlohmann::json> FitText(PushNotification notification, size_t bytes_max,
                               const std::function<nlohmann::json(const PushNotification&)>& make);

// What it means when no server answered; nullopt: one did.
std::optional<PushVerdict> JudgeUnanswered(const HttpAnswer& answer);
// What a status means of which its service says no more. `detail` is made printable.
PushVerdict JudgeStatus(const HttpAnswer& answer, const std::string& detail, int64_t wall_ms);
// Not now: later, or when the server says.
PushVerdict RetryLater(const HttpAnswer& answer, const std::string& detail, int64_t wall_ms);
PushVerdict Verdict(PushVerdict::Kind kind, const std::string& detail);

// "" unless it is an object with that text.
std::string TextAt(const nlohmann::json& json, const char* name);

}  // namespace parley::bridge
