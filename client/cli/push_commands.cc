#include "client/cli/push_commands.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "client/cli/render_json.h"
#include "client/cli/render_push.h"
#include "client/cli/times.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kTargets = {"web-push", "fcm", "apns", "webhook"};

Error Wrong(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

std::optional<std::string> Given(const RequestOptions& options, std::string_view name) {
  const auto found = options.values.find(name);
  if (found == options.values.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

// What a browser's PushSubscription.toJSON() gives; fields that are not needed are left out.
Result<Json> WebPushTarget(const std::string& text) {
  const Json subscription = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const Json keys = subscription.is_object() ? subscription.value("keys", Json()) : Json();
  const auto has = [](const Json& object, const char* name) {
    return object.is_object() && object.contains(name) && object[name].is_string();
  };
  if (!has(subscription, "endpoint") || !has(keys, "p256dh") || !has(keys, "auth")) {
    return Wrong(
        "--web-push is the JSON of a PushSubscription: "
        R"({"endpoint":"https://…","keys":{"p256dh":"…","auth":"…"}})");
  }
  Json target = {{"endpoint", subscription["endpoint"]},
                 {"keys", {{"p256dh", keys["p256dh"]}, {"auth", keys["auth"]}}}};
  const Json expires = subscription.value("expirationTime", Json());
  if (expires.is_number_unsigned()) target["expiration_time"] = expires;
  return target;
}

Status AddTarget(const RequestOptions& options, const PushSurroundings& surroundings, Json& request) {
  const auto given = std::count_if(kTargets.begin(), kTargets.end(),
                                   [&](std::string_view name) { return Given(options, name).has_value(); });
  if (given != 1) return Wrong("where to? One of --web-push, --fcm, --apns, --webhook");
  const std::optional<std::string> topic = Given(options, "apns-topic");
  if (topic && !Given(options, "apns")) return Wrong("--apns-topic goes with --apns");
  if (const auto path = Given(options, "web-push")) {
    Result<std::string> text = surroundings.read(*path);
    if (!text) return std::move(text).error().Within("--web-push");
    Result<Json> target = WebPushTarget(*text);
    if (!target) return std::move(target).error();
    request["web_push"] = std::move(*target);
  } else if (const auto fcm = Given(options, "fcm")) {
    request["fcm"] = {{"token", *fcm}};
  } else if (const auto apns = Given(options, "apns")) {
    request["apns"] = {{"token", *apns}};
    if (topic) request["apns"]["topic"] = *topic;
  } else {
    request["webhook"] = {{"url", *Given(options, "webhook")}};
  }
  return {};
}

// "22:00-07:00"; whether these are times of a day is for the server to say.
Status AddQuietHours(const RequestOptions& options, Json& request) {
  const std::optional<std::string> quiet = Given(options, "quiet");
  const std::optional<std::string> zone = Given(options, "time-zone");
  if (!quiet && !zone) return {};
  if (!quiet || !zone) return Wrong("--quiet and --time-zone belong together");
  const size_t dash = quiet->find('-');
  if (dash == std::string::npos) return Wrong("--quiet is like 22:00-07:00");
  request["quiet_hours"] = {
      {"from", quiet->substr(0, dash)}, {"to", quiet->substr(dash + 1)}, {"time_zone", *zone}};
  return {};
}

Status AddMutedUntil(const RequestOptions& options, uint64_t now_ms, Json& request) {
  if (options.subcommand == "unmute") {
    request["until_ms"] = "0";
    return {};
  }
  const std::optional<std::string> duration = Given(options, "for");
  const std::optional<std::string> until = Given(options, "until");
  if (duration && until) return Wrong("either --for or --until");
  uint64_t until_ms = UINT64_MAX;  // until further notice
  if (duration) {
    Result<uint64_t> duration_ms = ParseDuration(*duration);
    if (!duration_ms) return std::move(duration_ms).error().Within("--for");
    until_ms = now_ms + *duration_ms;
  }
  if (until) {
    Result<uint64_t> time_ms = ParseTime(*until);
    if (!time_ms) return std::move(time_ms).error().Within("--until");
    if (*time_ms <= now_ms) return Wrong("--until is in the past");
    until_ms = *time_ms;
  }
  request["until_ms"] = std::to_string(until_ms);  // 64 bits are texts in JSON
  return {};
}

// A level or preview that the protocol knows, so that a slip of the pen is said in words of the command line.
Status CheckWords(const std::string& subcommand, const Json& request) {
  const std::string level = FieldText(request, "level");
  v1::Push::Level known_level = v1::Push::DEFAULT;
  const bool room = subcommand == "level";  // there is a device whose level it may have
  if (request.contains("level") &&
      (!v1::Push::Level_Parse(level, &known_level) || (known_level == v1::Push::DEFAULT && !room))) {
    return Wrong(std::string("a level is all, mentions or none") +
                 (room ? ", or default: as the device" : ""));
  }
  const std::string preview = FieldText(request, "preview");
  v1::Push::Preview known_preview = v1::Push::INHERIT;
  if (request.contains("preview") && (!v1::Push::Preview_Parse(preview, &known_preview) ||
                                      (known_preview == v1::Push::INHERIT && subcommand != "preview"))) {
    return Wrong("a preview is shown or hidden");
  }
  return {};
}

}  // namespace

const RequestGroup& PushRequests() {
  static const RequestGroup group = {
      "push",
      "parley push SUBCOMMAND ...: which of your devices are told of messages while you are not connected, "
      "and "
      "of what.\n\n"
      "  parley push register --device phone --web-push subscription.json --quiet 22:00-07:00 --time-zone "
      "Europe/Berlin\n"
      "  parley push level mentions --room lobby\n"
      "  parley push mute --room lobby --for 2h",
      {"device", "name", "web-push", "fcm", "apns", "apns-topic", "webhook", "level", "preview", "quiet",
       "time-zone", "room", "for", "until"},
      {
          {"register",
           "",
           "tell a device of messages (again: its new address and settings)",
           "push.register",
           {},
           0,
           {"device", "name", "web-push", "fcm", "apns", "apns-topic", "webhook", "level", "preview", "quiet",
            "time-zone"}},
          {"list", "", "your devices, and the server's key for browsers", "push.list", {}, 0, {}},
          {"mute",
           "",
           "nothing of a --room, or nothing at all",
           "push.mute",
           {},
           0,
           {"room", "device", "for", "until"}},
          {"unmute", "", "the opposite", "push.mute", {}, 0, {"room", "device"}},
          {"level",
           "all|mentions|none|default",
           "what of a --room, or of all rooms, you are told of",
           "push.mute",
           {"level"},
           1,
           {"room", "device"}},
          {"preview",
           "shown|hidden|inherit",
           "whether notifications say who wrote what",
           "push.mute",
           {"preview"},
           1,
           {"room", "device"}},
          {"unregister", "", "tell a device nothing more", "push.unregister", {}, 0, {"device"}},
          {"test", "", "send a test notification now", "push.test", {}, 0, {"device"}},
      }};
  return group;
}

Result<RequestCall> PushCallOf(const RequestOptions& options, const PushSurroundings& surroundings) {
  Result<RequestCall> call = CallOf(PushRequests(), options);
  if (!call) return call;
  Json request = Json::parse(call->request);
  const bool one_device = call->method == "push.register" || call->method == "push.unregister";
  if (one_device && !request.contains("device") && !surroundings.has_client_id) {
    return Wrong("which device? Give --device, or a fixed --client-id");
  }
  if (Status checked = CheckWords(options.subcommand, request); !checked) return std::move(checked).error();
  Status added;
  if (call->method == "push.register") {
    added = AddTarget(options, surroundings, request);
    if (added) added = AddQuietHours(options, request);
  } else if (options.subcommand == "mute" || options.subcommand == "unmute") {
    added = AddMutedUntil(options, surroundings.now_ms, request);
  }
  if (!added) return std::move(added).error();
  call->request = DumpJson(request);
  return call;
}

std::vector<std::string> ReadPushReply(const RequestCall& call, const std::string& reply, bool json) {
  if (!json && call.method == "push.list") {
    v1::PushListReply list;
    if (FromJson(reply, list)) return RenderPushList(list);
  }
  if (!json && call.method == "push.test") {
    v1::PushTestReply test;
    if (FromJson(reply, test)) {
      return {"a test is on its way to " + std::to_string(test.devices()) +
              (test.devices() == 1 ? " device" : " devices")};
    }
  }
  return ReadReply(call, reply, json).lines;
}

}  // namespace parley::client
