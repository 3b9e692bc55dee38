#include "client/cli/render_push.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "client/cli/render.h"
#include "client/cli/render_json.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

std::string Shown(const std::string& text) {
  return Printable(text, text.size());
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string ProviderName(v1::Push::Provider provider) {
  return Lower(v1::Push::Provider_Name(provider));
}

std::string MutedText(uint64_t until_ms) {
  if (until_ms == 0) return "";
  return until_ms == UINT64_MAX ? " muted" : " muted until " + RenderTime(until_ms);
}

std::string LevelText(v1::Push::Level level) {
  return " level " + Lower(v1::Push::Level_Name(level));
}

std::string PreviewText(v1::Push::Preview preview) {
  return " preview " + Lower(v1::Push::Preview_Name(preview));
}

std::string RoomText(const v1::RoomPushSetting& room) {
  std::string text = "  " + Shown(room.room());
  if (room.level() != v1::Push::DEFAULT) text += LevelText(room.level());
  if (room.preview() != v1::Push::INHERIT) text += PreviewText(room.preview());
  return text + MutedText(room.muted_until_ms());
}

void AddDevice(const v1::PushDevice& device, std::vector<std::string>& lines) {
  std::string text =
      Shown(device.device()) + " " + ProviderName(device.provider()) + " " + Shown(device.address());
  if (!device.name().empty()) text += " \"" + Shown(device.name()) + "\"";
  // What a device says by default is all and shown.
  text += LevelText(device.level() == v1::Push::DEFAULT ? v1::Push::ALL : device.level());
  text += PreviewText(device.preview() == v1::Push::INHERIT ? v1::Push::SHOWN : device.preview());
  if (device.has_quiet_hours()) {
    const v1::QuietHours& quiet = device.quiet_hours();
    text += " quiet " + Shown(quiet.from()) + "-" + Shown(quiet.to()) + " " +
            (quiet.time_zone().empty() ? "UTC" : Shown(quiet.time_zone()));
  }
  lines.push_back(text + MutedText(device.muted_until_ms()));
  for (const v1::RoomPushSetting& room : device.rooms()) lines.push_back(RoomText(room));
  if (device.last_accepted_ms() != 0)
    lines.push_back("  last accepted " + RenderTime(device.last_accepted_ms()));
  if (!device.last_failure().empty()) lines.push_back("  last failure: " + Shown(device.last_failure()));
}

// 2026-11-25 00:31:02.123
std::string PreciseTime(uint64_t ts_ms) {
  std::string fraction = std::to_string(ts_ms % 1'000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return RenderTime(ts_ms) + "." + fraction;
}

// "+12 ms"; clocks may have been set between the two.
std::string Difference(uint64_t from_ms, uint64_t to_ms) {
  return to_ms >= from_ms ? "+" + std::to_string(to_ms - from_ms) + " ms"
                          : "-" + std::to_string(from_ms - to_ms) + " ms";
}

struct Step {
  const char* name;  // padded
  uint64_t at_ms;
  const char* without;  // what it says when the time is not known
};

void AddTimeline(const v1::MessageExplainReply& explanation, std::vector<std::string>& lines) {
  const std::array steps = {
      Step{"gate       ", explanation.gate_ms(), "not known any more"},
      Step{"commit     ", explanation.committed_ms(), "not known any more"},
      Step{"delivered  ", explanation.delivered_ms(), "not known any more"},
      Step{"pushed     ", explanation.pushed_ms(), "no notification was accepted"},
      Step{"read       ", explanation.read_ms(), "by nobody, as far as is known"},
  };
  uint64_t before_ms = 0;
  for (const Step& step : steps) {
    if (step.at_ms == 0) {
      lines.push_back(std::string("  ") + step.name + step.without);
      continue;
    }
    std::string line = std::string("  ") + step.name + PreciseTime(step.at_ms);
    if (before_ms != 0) line += "  " + Difference(before_ms, step.at_ms);
    lines.push_back(std::move(line));
    before_ms = step.at_ms;
  }
}

std::string StateInWords(const v1::PushExplanation& device) {
  switch (device.state()) {
    case v1::Push::WAITING:
      return "waits to be sent";
    case v1::Push::SENDING:
      return "sent, no answer yet";
    case v1::Push::ACCEPTED:
      return "accepted by the provider";
    case v1::Push::SUPPRESSED:
      return "not sent";
    case v1::Push::FAILED:
      return "given up";
    case v1::Push::UNKNOWN:
      return "not known whether it arrived";
    case v1::Push::WITHDRAWN:
      return "accepted, and taken back";
    default:
      return "nothing yet";
  }
}

std::string DeviceLine(const v1::PushExplanation& device, uint64_t gate_ms) {
  std::string text = "  " + Shown(device.user());
  if (!device.device().empty()) text += " " + Shown(device.device());
  if (device.provider() != v1::Push::UNSPECIFIED) text += " (" + ProviderName(device.provider()) + ")";
  text += ": " + StateInWords(device);
  const std::string reason = ReasonInWords(device.reason());
  if (!reason.empty()) text += ": " + reason;
  if (device.attempts() > 0) {
    text += ", " + std::to_string(device.attempts()) + (device.attempts() == 1 ? " attempt" : " attempts");
  }
  if (device.status() != 0) text += ", HTTP " + std::to_string(device.status());
  if (device.answered_ms() != 0 && gate_ms != 0) text += ", " + Difference(gate_ms, device.answered_ms());
  if (!device.detail().empty()) text += ", " + Shown(device.detail());
  if (device.read_ms() != 0) text += ", read " + PreciseTime(device.read_ms());
  return text;
}

}  // namespace

std::string ReasonInWords(v1::Push::Reason reason) {
  switch (reason) {
    case v1::Push::ONLINE:
      return "the user was connected, and not away";
    case v1::Push::MUTED:
      return "muted";
    case v1::Push::LEVEL:
      return "not what the device wants to be told of";
    case v1::Push::QUIET_HOURS:
      return "the device's quiet hours";
    case v1::Push::READ:
      return "read meanwhile";
    case v1::Push::DO_NOT_DISTURB:
      return "the user does not want to be disturbed";
    case v1::Push::NOT_VISIBLE:
      return "the user may not see it";
    case v1::Push::DELETED:
      return "the message was deleted";
    case v1::Push::EXPIRED:
      return "too late to be of use";
    case v1::Push::UNREGISTERED:
      return "the device was unregistered";
    case v1::Push::DEAD:
      return "the provider no longer knows the device, so it was removed";
    case v1::Push::REFUSED:
      return "the provider refuses it for good";
    case v1::Push::NOT_CONFIGURED:
      return "this server has no credentials for the provider";
    case v1::Push::GAVE_UP:
      return "the provider failed too often";
    case v1::Push::COLLAPSED:
      return "a newer message of the room was pushed instead";
    case v1::Push::NO_ANSWER:
      return "no answer came; it is not sent again, since it may have been shown";
    default:
      return "";
  }
}

std::vector<std::string> RenderPushList(const v1::PushListReply& list) {
  std::vector<std::string> lines;
  for (const v1::PushDevice& device : list.devices()) AddDevice(device, lines);
  if (list.devices().empty()) lines.emplace_back("no device is registered");
  std::string providers;
  for (const int provider : list.providers()) {
    providers += " " + ProviderName(static_cast<v1::Push::Provider>(provider));
  }
  lines.push_back("this server reaches:" + (providers.empty() ? " no provider" : providers));
  if (!list.vapid_public_key().empty()) {
    lines.push_back("key for browsers (applicationServerKey): " + Shown(list.vapid_public_key()));
  }
  return lines;
}

std::vector<std::string> RenderUsersPush(const nlohmann::ordered_json& data) {
  std::vector<std::string> lines;
  if (!data.is_object() || !data.contains("users") || !data["users"].is_array()) return lines;
  for (const nlohmann::ordered_json& user : data["users"]) {
    if (!user.is_object() || !user.contains("devices") || !user["devices"].is_array()) continue;
    lines.push_back(FieldText(user, "username") + ":");
    for (const nlohmann::ordered_json& item : user["devices"]) {
      v1::PushDevice device;
      std::vector<std::string> of_device;
      if (FromJson(DumpJson(item), device)) AddDevice(device, of_device);
      for (const std::string& line : of_device) lines.push_back("  " + line);
    }
  }
  if (lines.empty()) lines.emplace_back("no device is registered");
  return lines;
}

std::vector<std::string> RenderMessageExplanation(const v1::MessageExplainReply& explanation) {
  std::vector<std::string> lines;
  std::string head = Shown(explanation.room()) + " #" + std::to_string(explanation.seq()) + " " +
                     Shown(explanation.sender());
  if (!explanation.client().empty()) head += " (" + Shown(explanation.client()) + ")";
  if (!explanation.id().empty()) head += " id " + Shown(explanation.id());
  lines.push_back(head + (explanation.deleted() ? ", deleted" : ""));
  AddTimeline(explanation, lines);
  lines.push_back("of " + std::to_string(explanation.members()) + " who may see it, " +
                  std::to_string(explanation.delivered_to()) + " have received it, " +
                  std::to_string(explanation.read_by()) + " have read it");
  for (const v1::PushExplanation& device : explanation.devices()) {
    lines.push_back(DeviceLine(device, explanation.gate_ms()));
  }
  if (explanation.truncated()) lines.emplace_back("  and more devices");
  return lines;
}

}  // namespace parley::client
