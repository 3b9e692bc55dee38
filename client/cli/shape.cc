#include "client/cli/shape.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "schemas/json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

// What an option's value is in JSON.
// kSomeTexts: a list only when it is given; "all" is the empty one. kTrue, kFalse: switches.
enum class Kind { kText, kEnum, kNumber, kDeny, kTexts, kMembers, kSomeTexts, kTrue, kFalse };

struct FieldOption {
  std::string_view option;
  std::string_view field;
  Kind kind;
};

constexpr std::array kFieldOptions = {
    FieldOption{"kind", "kind", Kind::kEnum},
    FieldOption{"title", "title", Kind::kText},
    FieldOption{"history", "history", Kind::kEnum},
    FieldOption{"retention-days", "retention_days", Kind::kNumber},
    FieldOption{"max-message-bytes", "max_message_bytes", Kind::kNumber},
    FieldOption{"role", "roles", Kind::kTexts},
    FieldOption{"member", "members", Kind::kMembers},
    FieldOption{"deny", "allow", Kind::kDeny},
    FieldOption{"priority", "priority", Kind::kNumber},
    FieldOption{"content-type", "content_type", Kind::kText},
    FieldOption{"client", "client", Kind::kText},
    FieldOption{"access", "access", Kind::kText},
    FieldOption{"display-name", "display_name", Kind::kText},
    FieldOption{"about", "about", Kind::kText},
    FieldOption{"device", "device", Kind::kText},
    FieldOption{"name", "name", Kind::kText},
    FieldOption{"level", "level", Kind::kEnum},
    FieldOption{"preview", "preview", Kind::kEnum},
    FieldOption{"room", "room", Kind::kText},
    FieldOption{"event", "events", Kind::kSomeTexts},
    FieldOption{"url", "url", Kind::kText},
    FieldOption{"new-secret", "newSecret", Kind::kTrue},
    FieldOption{"disable", "disabled", Kind::kTrue},
    FieldOption{"enable", "disabled", Kind::kFalse},
};

Error Wrong(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

// An enumeration's value, spelled as the protocol does: since-join is SINCE_JOIN or since_join.
std::string EnumText(std::string text, EnumCase enums) {
  for (char& c : text) {
    const auto letter = static_cast<unsigned char>(c);
    c = c == '-' ? '_' : static_cast<char>(enums == EnumCase::kUpper ? std::toupper(letter) : letter);
  }
  return text;
}

// user[:role]
Json MemberOf(const std::string& text, EnumCase enums) {
  const size_t colon = text.find(':');
  const std::string role = colon == std::string::npos ? "member" : text.substr(colon + 1);
  return {{"user", text.substr(0, colon)}, {"role", EnumText(role, enums)}};
}

Result<Json> ValueOf(const FieldOption& option, const std::vector<std::string>& values, EnumCase enums) {
  const std::string text = values.empty() ? std::string() : values.back();
  switch (option.kind) {
    case Kind::kText:
      return Json(text);
    case Kind::kEnum:
      return Json(EnumText(text, enums));
    case Kind::kTexts:
      return Json(values);
    case Kind::kMembers: {
      Json members = Json::array();
      for (const std::string& member : values) members.push_back(MemberOf(member, enums));
      return members;
    }
    case Kind::kSomeTexts:
      return text == "all" ? Json(Json::array()) : Json(values);
    case Kind::kTrue:
      return Json(true);
    case Kind::kDeny:
    case Kind::kFalse:
      return Json(false);
    case Kind::kNumber:
      break;
  }
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Wrong("--" + std::string(option.option) + " is a whole number");
  }
  return Json(number);
}

// The options of a shape, "kind=group", taken apart.
std::pair<std::string_view, std::optional<std::string>> Apart(std::string_view option) {
  const size_t equals = option.find('=');
  if (equals == std::string_view::npos) return {option, std::nullopt};
  return {option.substr(0, equals), std::string(option.substr(equals + 1))};
}

Status AddOptions(const Shape& shape, const OptionValues& values, EnumCase enums, Json& object) {
  for (const std::string_view text : shape.options) {
    const auto apart = Apart(text);
    const std::string_view name = apart.first;
    const std::optional<std::string>& otherwise = apart.second;
    const auto* const option = std::find_if(kFieldOptions.begin(), kFieldOptions.end(),
                                            [&](const FieldOption& entry) { return entry.option == name; });
    if (option == kFieldOptions.end()) continue;  // one that is no field
    const auto given = values.find(name);
    const bool list = option->kind == Kind::kTexts || option->kind == Kind::kMembers;
    std::vector<std::string> effective;
    if (given != values.end()) {
      effective = given->second;
    } else if (otherwise) {
      effective = {*otherwise};
    } else if (option->kind == Kind::kDeny) {
      object[std::string(option->field)] = true;
      continue;
    } else if (!list) {
      continue;
    }
    Result<Json> value = ValueOf(*option, effective, enums);
    if (!value) return std::move(value).error();
    object[std::string(option->field)] = std::move(*value);
  }
  return {};
}

}  // namespace

const Shape* FindShape(std::span<const Shape> shapes, std::string_view name) {
  const auto found =
      std::find_if(shapes.begin(), shapes.end(), [&](const Shape& shape) { return shape.name == name; });
  return found == shapes.end() ? nullptr : &*found;
}

const Shape* FindFamilyShape(std::span<const Shape> shapes, std::string_view name,
                             std::vector<std::string>& arguments) {
  if (arguments.empty()) return nullptr;
  const Shape* shape = FindShape(shapes, std::string(name) + " " + arguments.front());
  if (shape != nullptr) arguments.erase(arguments.begin());
  return shape;
}

std::string FamilyUsage(std::span<const Shape> shapes, std::string_view name) {
  std::string members;
  for (const Shape& shape : shapes) {
    const size_t space = shape.name.find(' ');
    if (space == std::string_view::npos || shape.name.substr(0, space) != name) continue;
    members += (members.empty() ? "" : "|") + std::string(shape.name.substr(space + 1));
  }
  return members.empty() ? members : std::string(name) + " " + members;
}

Result<std::string> FillShape(const Shape& shape, const std::vector<std::string>& arguments,
                              const OptionValues& values, EnumCase enums) {
  if (arguments.size() < shape.required || arguments.size() > shape.fields.size()) {
    return Wrong("usage: " + std::string(shape.name) + (shape.arguments.empty() ? "" : " ") +
                 std::string(shape.arguments));
  }
  for (const auto& value : values) {
    const std::string& name = value.first;
    const bool takes = std::any_of(shape.options.begin(), shape.options.end(),
                                   [&](std::string_view option) { return Apart(option).first == name; });
    if (!takes) return Wrong(std::string(shape.name) + " takes no --" + name);
  }
  Json object = Json::object();
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string field(shape.fields[i]);
    const bool name = field == "role" || field == "level" || field == "preview";
    object[field] = name ? EnumText(arguments[i], enums) : arguments[i];
  }
  if (Status added = AddOptions(shape, values, enums, object); !added) return std::move(added).error();
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<SubcommandHelp> DescribeShapes(std::span<const Shape> shapes) {
  std::vector<SubcommandHelp> lines;
  for (const Shape& shape : shapes) {
    SubcommandHelp line;
    line.name = shape.name.substr(0, shape.name.find(' '));
    line.usage =
        std::string(shape.name) + (shape.arguments.empty() ? "" : " ") + std::string(shape.arguments);
    line.summary = shape.summary;
    lines.push_back(std::move(line));
  }
  return lines;
}

Error NoSuchSubcommand(std::string_view name, const std::string& subcommand) {
  const std::string help = ". See parley " + std::string(name) + " --help";
  if (subcommand.empty()) return Wrong("which subcommand?" + help.substr(1));
  return Wrong("no such subcommand: " + Printable(subcommand, 64) + help);
}

}  // namespace parley::client
