#include "client/cli/render_json.h"

#include <set>

#include "schemas/json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

std::string Shown(const std::string& text) {
  return Printable(text, text.size());
}

// Values in the order in which a person looks for them; their names are not shown.
constexpr const char* kPlainFields[] = {"username", "rolename", "room", "user", "acltype", "filter", "kind"};
// All others that say nothing when they are empty.
const std::set<std::string>& Quiet() {
  static const std::set<std::string> quiet = {"title", "disabled", "roles", "role", "topic", "allow"};
  return quiet;
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
    if (value.is_null() || value == "" || value.is_structured()) continue;
    line += " " + Shown(name) + " " + ScalarText(value);
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
  for (const char* name : kPlainFields) add(FieldText(item, name));
  if (const auto allow = item.find("allow"); allow != item.end()) add(*allow == true ? "allow" : "deny");
  add(FieldText(item, "topic"));
  add(FieldText(item, "role"));
  if (const auto roles = item.find("roles"); roles != item.end() && roles->is_array()) {
    for (const Json& role : *roles) add(role.is_object() ? RenderItem(role) : ScalarText(role));
  }
  if (item.value("disabled", Json(false)) == true) add("disabled");
  if (const std::string title = FieldText(item, "title"); !title.empty()) add("\"" + title + "\"");
  line += OtherFields(item);
  return !line.empty() && line[0] == ' ' ? line.substr(1) : line;
}

void RenderData(const Json& data, std::vector<std::string>& lines) {
  const Json* object = &data;
  for (const char* name : {"room", "user", "role", "client"}) {  // {"room": {…}}: what is inside
    if (data.is_object() && data.contains(name) && data[name].is_object()) object = &data[name];
  }
  if (!object->is_object()) return lines.push_back(RenderItem(*object));
  const bool named = object->contains("room") || object->contains("username");
  if (named) lines.push_back(RenderItem(*object));
  for (const auto& [name, value] : object->items()) {
    if (value.is_array() && !(named && name == "roles")) {
      if (!named) lines.push_back(Shown(name) + ":");
      for (const Json& item : value) lines.push_back("  " + RenderItem(item));
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
