#include "client/session/control_table.h"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "client/session/limits.h"
#include "schemas/limits.h"
#include "schemas/topic.h"

namespace parley::client {
namespace {

using Json = nlohmann::json;

// correlationData of command `index` in `list`: "list.index".
std::string Correlation(uint64_t list, size_t index) {
  return std::to_string(list) + "." + std::to_string(index);
}

// The two numbers of "list.index", when it is one of ours.
std::optional<std::pair<uint64_t, size_t>> ParseCorrelation(const Json& response) {
  const auto field = response.find("correlationData");
  if (field == response.end() || !field->is_string()) return std::nullopt;
  const auto& text = field->get_ref<const std::string&>();
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return std::nullopt;
  uint64_t list = 0;
  size_t index = 0;
  const char* begin = text.data();
  if (std::from_chars(begin, begin + dot, list).ec != std::errc()) return std::nullopt;
  if (std::from_chars(begin + dot + 1, begin + text.size(), index).ec != std::errc()) return std::nullopt;
  return std::pair{list, index};
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// An answer as the caller sees it: with the caller's correlationData instead of ours.
std::string Restored(Json response, const std::string& correlation) {
  response.erase("correlationData");
  if (!correlation.empty()) response["correlationData"] = Json::parse(correlation, nullptr, false);
  return Dump(response);
}

std::string TextField(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() && field->is_string() ? field->get<std::string>() : std::string();
}

Code CodeNamed(const std::string& name) {
  for (const CodeEntry& entry : CodeTable()) {
    if (entry.name == name) return entry.code;
  }
  return Code::INTERNAL;
}

}  // namespace

Status ControlTable::Add(uint64_t list, const std::vector<std::string>& commands) {
  if (commands.empty() || commands.size() > parley::limits::kControlCommandsMax) {
    return Error{Code::INVALID_ARGUMENT, "a list has 1 to 1000 commands"};
  }
  if (lists_.size() >= limits::kControlListsMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "too many command lists wait for an answer"};
  }
  Json all = Json::array();
  Pending pending;
  for (size_t i = 0; i < commands.size(); ++i) {
    Json command = Json::parse(commands[i], nullptr, /*allow_exceptions=*/false);
    if (!command.is_object() || !command.contains("command")) {
      return Error{Code::INVALID_ARGUMENT, "a command is a JSON object with \"command\""};
    }
    const auto correlation = command.find("correlationData");
    pending.correlations.push_back(correlation == command.end() ? "" : Dump(*correlation));
    command["correlationData"] = Correlation(list, i);
    all.push_back(std::move(command));
  }
  pending.payload = Dump(Json{{"commands", std::move(all)}});
  pending.answers.resize(commands.size());
  pending.missing = commands.size();
  if (pending.payload.size() + 1024 > parley::limits::kPacketBytesMax) {
    return Error{Code::RESOURCE_EXHAUSTED, "a command list is at most 1 MiB"};
  }
  lists_.insert_or_assign(list, std::move(pending));
  return {};
}

void ControlTable::SetReady(bool ready, Effects& effects) {
  ready_ = ready;
  if (ready) return;
  for (auto it = lists_.begin(); it != lists_.end();) {
    if (!it->second.sent) {
      ++it;
      continue;
    }
    Error lost{Code::UNAVAILABLE,
               "the connection was lost; the commands may or may not have been carried out"};
    effects.push_back(ControlDone{it->first, std::move(lost)});
    it = lists_.erase(it);
  }
}

void ControlTable::OnResponse(const std::string& payload, Effects& effects) {
  const Json message = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!message.is_object() || !message.contains("responses") || !message["responses"].is_array()) return;
  for (const Json& response : message["responses"]) {
    if (!response.is_object()) continue;
    if (!response.contains("command") && response.contains("error")) {
      OnRefusedList({CodeNamed(TextField(response, "code")), TextField(response, "error")}, effects);
      continue;
    }
    const auto place = ParseCorrelation(response);
    if (!place) continue;
    const auto found = lists_.find(place->first);
    if (found == lists_.end() || place->second >= found->second.answers.size()) continue;
    Pending& pending = found->second;
    if (pending.answers[place->second]) continue;
    pending.answers[place->second] = Restored(response, pending.correlations[place->second]);
    if (--pending.missing > 0) continue;
    std::vector<std::string> answers;
    for (auto& answer : pending.answers) answers.push_back(std::move(*answer));
    effects.push_back(ControlDone{found->first, std::move(answers)});
    lists_.erase(found);
  }
}

// A list that was refused as a whole carries no correlation: lists are answered in order, so it is the
// oldest.
void ControlTable::OnRefusedList(Error why, Effects& effects) {
  for (auto it = lists_.begin(); it != lists_.end(); ++it) {
    if (!it->second.sent) continue;
    effects.push_back(ControlDone{it->first, std::move(why)});
    lists_.erase(it);
    return;
  }
}

void ControlTable::Pump(int64_t now_ms, Effects& effects) {
  for (auto it = lists_.begin(); it != lists_.end();) {
    Pending& pending = it->second;
    if (pending.give_up_ms == 0) {
      pending.give_up_ms = now_ms + limits::kControlWaitMs +
                           limits::kControlWaitPerCommandMs * static_cast<int64_t>(pending.answers.size());
    }
    if (ready_ && !pending.sent) {
      pending.sent = true;
      effects.push_back(PublishTo{std::string(kControlTopic), std::move(pending.payload), 1});
    }
    if (now_ms < pending.give_up_ms) {
      ++it;
      continue;
    }
    Error late{Code::UNAVAILABLE, "no answer in time; the commands may or may not have been carried out"};
    effects.push_back(ControlDone{it->first, std::move(late)});
    it = lists_.erase(it);
  }
}

}  // namespace parley::client
