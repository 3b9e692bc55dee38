#include "client/cli/render_json.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "schemas/json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

std::string Shown(const std::string& text) {
  return Printable(text, text.size());
}

// Values in the order in which a person looks for them; their names are not shown.
constexpr const char* kPlainFields[] = {"webhook", "username", "rolename", "room",
                                        "user",    "acltype",  "filter",   "kind"};
// All others that say nothing when they are empty.
const std::set<std::string>& Quiet() {
  static const std::set<std::string> quiet = {"title", "disabled", "roles", "role", "topic", "allow"};
  return quiet;
}

// Enumerations are lower case for a person.
std::string LowerName(std::string text) {
  const bool name =
      std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  if (!name) return text;
  for (char& c : text) c = c == '_' ? c : static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string ScalarText(const Json& value) {
  if (value.is_string()) return Shown(value.get<std::string>());
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// "name value" for the fields that no rule above knows.
std::string OtherFields(const Json& item) {
  std::string line;
  for (const auto& [name, value] : item.items()) {
    const std::set<std::string> plain(std::begin(kPlainFields), std::end(kPlainFields));
    if (plain.count(name) > 0 || Quiet().count(name) > 0) continue;
    const std::string text = ScalarText(value);
    if (value.is_null() || text.empty() || value.is_structured()) continue;
    line += " " + Shown(name) + " " + (name == "history" ? LowerName(text) : text);
  }
  return line;
}

}  // namespace

std::string FieldText(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field == object.end() ? "" : ScalarText(*field);
}

std::string RenderItem(const Json& item) {
  if (!item.is_object()) return ScalarText(item);
  std::string line;
  const auto add = [&line](const std::string& text) {
    if (!text.empty()) line += (line.empty() ? "" : " ") + text;
  };
  for (const char* name : kPlainFields) {
    const std::string text = FieldText(item, name);
    add(std::string_view(name) == "kind" ? LowerName(text) : text);
  }
  if (const auto allow = item.find("allow"); allow != item.end()) add(*allow == true ? "allow" : "deny");
  add(FieldText(item, "topic"));
  add(LowerName(FieldText(item, "role")));
  if (const auto roles = item.find("roles"); roles != item.end() && roles->is_array()) {
    for (const Json& role : *roles) add(role.is_object() ? FieldText(role, "role") : ScalarText(role));
  }
  if (item.value("disabled", Json(false)) == true) add("disabled");
  if (const std::string title = FieldText(item, "title"); !title.empty()) add("\"" + title + "\"");
  line += OtherFields(item);
  return !line.empty() && line[0] == ' ' ? line.substr(1) : line;
}

void RenderData(const Json& data, std::vector<std::string>& lines) {
  const Json* object = &data;
  for (const char* name : {"room", "user", "role", "client", "config"}) {  // {"room": {…}}: what is inside
    if (data.is_object() && data.contains(name) && data[name].is_object()) object = &data[name];
  }
  if (!object->is_object()) return lines.push_back(RenderItem(*object));
  const bool role = object->contains("role") && object->contains("acls");
  const bool named = object->contains("room") || object->contains("username") || role;
  if (named) lines.push_back(RenderItem(*object));
  const auto lists =
      std::count_if(object->begin(), object->end(), [](const Json& v) { return v.is_array(); });
  for (const auto& [name, value] : object->items()) {
    if (value.is_array() && !(named && name == "roles")) {
      if (!named || lists > 1) lines.push_back((named ? "  " : "") + Shown(name) + ":");
      for (const Json& item : value) lines.push_back((named && lists > 1 ? "    " : "  ") + RenderItem(item));
    } else if (!named) {
      lines.push_back(Shown(name) + ": " + FieldText(*object, name.c_str()));
    }
  }
}

const Json* FirstList(const Json& object) {
  if (!object.is_object()) return nullptr;
  for (const auto& item : object.items()) {
    if (item.value().is_array()) return &item.value();
  }
  return nullptr;
}

std::string DumpJson(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Code CodeNamed(const std::string& name) {
  for (const CodeEntry& entry : CodeTable()) {
    if (entry.name == name) return entry.code;
  }
  return Code::INTERNAL;
}

}  // namespace parley::client
