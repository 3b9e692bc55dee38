// The admin command that explains a right.

#include <string>

#include "broker-plugin/acl/explain.h"
#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"
#include "broker-plugin/control/control.h"
#include "broker-plugin/control/rule_json.h"
#include "schemas/filter.h"

namespace parley::plugin {
namespace {

using nlohmann::json;

Result<Question::Kind> KindOfAccess(const json& command) {
  const Result<std::string> access = RequiredText(command, "access");
  if (access && *access == "publish") return Question::Kind::kPublish;
  if (access && *access == "subscribe") return Question::Kind::kSubscribe;
  if (access && *access == "receive") return Question::Kind::kReceive;
  return Error{Code::INVALID_ARGUMENT, "access: publish, subscribe or receive"};
}

Outcome ExplainAccess(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  std::string client;
  if (command.contains("client")) {
    const Result<std::string> given = RequiredText(command, "client");
    if (!given) return given.error();
    if (const Result<ClientId> parsed = ParseClientId(*given); !parsed) {
      return Error{Code::INVALID_ARGUMENT, "client: " + parsed.error().reason};
    }
    client = *given;
  }
  const Result<std::string> topic = RequiredText(command, "topic");
  if (!topic) return topic.error();
  const Result<Question::Kind> kind = KindOfAccess(command);
  if (!kind) return kind.error();
  if (Status filter = CheckFilter(*topic); !filter) return std::move(filter).error().Within("topic");
  if (*kind != Question::Kind::kSubscribe && topic->find_first_of("+#") != std::string::npos) {
    return Error{Code::INVALID_ARGUMENT, "topic: wildcards are for subscribe; name one topic"};
  }
  const json will = command.value("will", json(false));
  if (!will.is_boolean()) return Error{Code::INVALID_ARGUMENT, "will: true or false"};
  const Explanation answer =
      Explain(call.parts().view, {.user = user->str(),
                                  .client = client,
                                  .topic = *topic,
                                  .kind = *kind,
                                  .will = will.get<bool>(),
                                  .defer_other_topics = call.parts().defer_other_topics});
  json rule;
  if (answer.rule.rule != nullptr) {
    rule = RuleJson(*answer.rule.rule);
    rule["role"] = answer.rule.role;  // empty: of the user alone
  }
  return Outcome::Data({{"allowed", answer.allowed},
                        {"reason", answer.reason},
                        {"rule", std::move(rule)},
                        {"change", answer.change}});
}

constexpr AdminCommand kCommands[] = {
    {"explainAccess", ExplainAccess},
};

}  // namespace

std::span<const AdminCommand> AccessCommands() {
  return kCommands;
}

}  // namespace parley::plugin
