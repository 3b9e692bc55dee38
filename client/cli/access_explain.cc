#include "client/cli/access_explain.h"

#include <utility>

#include "client/cli/render.h"
#include "client/cli/render_json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

// "allow publish sensors/%u/# (role sensors, priority 5)"
std::string RenderRule(const Json& rule) {
  std::string text = rule.value("allow", Json(false)) == true ? "allow" : "deny";
  for (const char* name : {"acltype", "topic"}) text += " " + FieldText(rule, name);
  const std::string role = FieldText(rule, "role");
  const std::string priority = FieldText(rule, "priority");
  text += " (";
  if (!role.empty()) text += "role " + role + ", ";
  return text + "priority " + (priority.empty() ? "0" : priority) + ")";
}

}  // namespace

const std::vector<Shape>& AccessShapes() {
  static const std::vector<Shape> shapes = {
      {"explain",
       "USER TOPIC",
       "may this user use this topic, and which rule says so?",
       "explainAccess",
       {"username", "topic"},
       2,
       {"client", "access=publish"}},
  };
  return shapes;
}

Result<std::string> ExplainCommand(const RequestOptions& options) {
  const Shape* shape = FindShape(AccessShapes(), options.subcommand);
  if (shape == nullptr) return NoSuchSubcommand("access", options.subcommand);
  Result<std::string> fields = FillShape(*shape, options.arguments, options.values, EnumCase::kLower);
  if (!fields) return std::move(fields).error();
  Json command = {{"command", shape->command}};
  command.update(Json::parse(*fields));
  const std::string access = FieldText(command, "access");
  if (access != "publish" && access != "subscribe" && access != "receive") {
    return Error{Code::INVALID_ARGUMENT, "--access is publish, subscribe or receive"};
  }
  return DumpJson(command);
}

Explanation ReadExplanation(const std::string& question, const std::string& response, bool json) {
  Explanation explanation;
  const Json answer = Json::parse(response, nullptr, /*allow_exceptions=*/false);
  const Json data = answer.is_object() ? answer.value("data", Json()) : Json();
  if (answer.is_object() && answer.contains("error")) {
    explanation.status = Error{CodeNamed(FieldText(answer, "code")), FieldText(answer, "error")};
    return explanation;
  }
  if (!data.is_object() || !data.contains("allowed")) {
    explanation.status = Error{Code::INTERNAL, "an answer that cannot be read"};
    return explanation;
  }
  explanation.allowed = data["allowed"] == true;
  if (json) {
    explanation.lines.push_back(DumpJson(data));
    return explanation;
  }
  const Json asked = Json::parse(question, nullptr, /*allow_exceptions=*/false);
  explanation.lines.push_back(FieldText(asked, "username") + (explanation.allowed ? " may " : " may not ") +
                              FieldText(asked, "access") + " " + FieldText(asked, "topic"));
  if (const std::string why = FieldText(data, "reason"); !why.empty()) {
    explanation.lines.push_back("  because: " + why);
  }
  const Json rule = data.value("rule", Json());
  if (rule.is_object()) explanation.lines.push_back("  by the rule: " + RenderRule(rule));
  if (const std::string change = FieldText(data, "change"); !change.empty()) {
    explanation.lines.push_back("  to change that: " + change);
  }
  return explanation;
}

}  // namespace parley::client
