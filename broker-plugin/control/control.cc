#include "broker-plugin/control/control.h"

#include <map>

#include <nlohmann/json.hpp>

#include "broker-plugin/acl/access.h"
#include "schemas/bridge_admin.h"
#include "schemas/json.h"
#include "schemas/limits.h"
#include "schemas/topic.h"

namespace parley::plugin {

using nlohmann::json;

// A list of commands on its way.
struct CommandList {
  std::string user;
  std::string client;
  json commands;
  size_t next = 0;
  json responses = json::array();
  size_t data_bytes = 0;  // of the data in them
};

namespace {

constexpr int kDepthMax = 32;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// What the bridge says of a command (schemas/bridge_admin.h). It is trusted, but may be of another version.
Outcome ReadBridgeAnswer(std::string_view payload) {
  const json answer = json::parse(payload.begin(), payload.end(), nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return Error{Code::INTERNAL, "the bridge's answer is not understood"};
  const auto text = [&answer](const char* field) {
    const auto found = answer.find(field);
    return found != answer.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  // An older bridge, which does not know the command, answers as to a request.
  const std::string reason = answer.contains("error") ? text("error") : text("reason");
  if (!reason.empty()) {
    Code code = Code::INTERNAL;
    return Error{v1::Code_Parse(text("code"), &code) && code != Code::OK ? code : Code::INTERNAL, reason};
  }
  const auto data = answer.find("data");
  return data == answer.end() ? Outcome() : Outcome::Data(*data);
}

// All commands, by name.
const std::map<std::string_view, AdminCommand>& Commands() {
  static const auto commands = [] {
    std::map<std::string_view, AdminCommand> table;
    for (const auto& family :
         {UserCommands(), RoomCommands(), RoleCommands(), BindingCommands(), AccessCommands(), PushCommands(),
          WebhookCommands(), ServerCommands(), BridgeCommands()}) {
      for (const AdminCommand& command : family) table.emplace(command.name, command);
    }
    return table;
  }();
  return commands;
}

}  // namespace

const std::string& AdminCall::user() const {
  return list_->user;
}

const std::string& AdminCall::client() const {
  return list_->client;
}

const ControlParts& AdminCall::parts() const {
  return control_.parts();
}

domain::Command AdminCall::NewCommand() const {
  return parts().commands.New(list_->user, list_->client);
}

Outcome AdminCall::Append(domain::Command command, json data) const {
  const auto done = [&control = control_, list = list_,
                     data = std::move(data)](const domain::Applied& applied) {
    control.Finish(
        list, applied.code == Code::OK ? Outcome::Data(data) : Outcome(Error{applied.code, applied.reason}));
  };
  if (Status submitted = parts().commands.Submit(std::move(command), done); !submitted) {
    return Error{Code::UNAVAILABLE, submitted.error().reason};
  }
  return Outcome::Pending();
}

Outcome AdminCall::OnPool(Job job) const {
  const bool submitted = parts().pool.Submit([&control = control_, list = list_, job = std::move(job)] {
    return WorkerPool::Completion([&control, list, completion = job()] {
      const Outcome outcome = completion();
      if (!outcome.pending) control.Finish(list, outcome);
    });
  });
  if (!submitted) return Error{Code::RESOURCE_EXHAUSTED, "too much slow work is under way: try again"};
  return Outcome::Pending();
}

Outcome AdminCall::OnBridge() const {
  const auto done = [&control = control_, list = list_](const Result<std::string_view>& answer) {
    control.Finish(list, answer ? ReadBridgeAnswer(*answer) : Outcome(answer.error()));
  };
  const Status sent =
      parts().bridge.ForwardAdmin(BridgeAdminMethod(arguments_["command"].get_ref<const std::string&>()),
                                  {.user = list_->user, .client = list_->client, .payload = Dump(arguments_)},
                                  done, BridgeRequests::Clock::now());
  if (!sent) return sent.error();
  return Outcome::Pending();
}

void Control::OnControl(const std::string& user, const std::string& client, std::string_view payload) {
  const auto refuse = [&](Code code, const std::string& reason) {
    Respond(client, json::array({{{"error", reason}, {"code", CodeName(code)}}}));
  };
  bool too_deep = false;  // copies and prints of JSON recurse
  const auto shallow = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  json request = json::parse(payload.begin(), payload.end(), shallow, /*allow_exceptions=*/false);
  if (too_deep) return refuse(Code::INVALID_ARGUMENT, "a list nests at most 32 levels deep");
  if (!request.is_object() || !request.contains("commands") || !request["commands"].is_array()) {
    return refuse(Code::INVALID_ARGUMENT, R"(give {"commands":[{"command":"…", …}]})");
  }
  if (request["commands"].size() > limits::kControlCommandsMax) {
    return refuse(Code::INVALID_ARGUMENT, "at most 1000 commands in one list");
  }
  if (lists_under_way_ >= kListsMax) return refuse(Code::RESOURCE_EXHAUSTED, "too many lists are under way");
  auto list = std::make_shared<CommandList>();
  list->user = user;
  list->client = client;
  list->commands = std::move(request["commands"]);
  ++lists_under_way_;
  Continue(list);
}

void Control::Finish(const std::shared_ptr<CommandList>& list, const Outcome& outcome) {
  Answer(*list, outcome);
  Continue(list);
}

void Control::Continue(const std::shared_ptr<CommandList>& list) {
  while (list->next < list->commands.size()) {
    const Outcome outcome = Run(list, list->commands[list->next]);
    if (outcome.pending) return;
    Answer(*list, outcome);
  }
  --lists_under_way_;
  Respond(list->client, list->responses);
}

Outcome Control::Run(const std::shared_ptr<CommandList>& list, const json& command) {
  const bool admin = IsAdmin(parts_.view, list->user);
  if (!admin && list->user != kBridgeUser) {  // not any more
    return Error{Code::PERMISSION_DENIED, list->user + " is no admin"};
  }
  if (!command.is_object() || !command.contains("command") || !command["command"].is_string()) {
    return Error{Code::INVALID_ARGUMENT, "command: give the name of a command"};
  }
  const auto& name = command["command"].get_ref<const std::string&>();
  const auto found = Commands().find(name);
  if (found == Commands().end()) {
    return Error{Code::UNIMPLEMENTED, "this version has no command " + Printable(name, 64)};
  }
  if (!admin && !found->second.for_bridge) {
    return Error{Code::PERMISSION_DENIED, "the bridge may not give this command"};
  }
  return found->second.run(AdminCall(*this, list, command));
}

void Control::Answer(CommandList& list, const Outcome& outcome) {
  const json& command = list.commands[list.next++];
  json response = json::object();
  if (command.is_object()) {
    for (const char* field : {"command", "correlationData"}) {
      if (command.contains(field)) response[field] = command[field];
    }
  }
  if (outcome.error) {
    response["error"] = outcome.error->reason;
    response["code"] = CodeName(outcome.error->code);
  } else if (!outcome.data.is_null()) {
    const size_t bytes = Dump(outcome.data).size();
    if (list.data_bytes + bytes > limits::kPacketBytesMax) {
      response["error"] = "the response is full: ask for less, or in another list";
      response["code"] = CodeName(Code::RESOURCE_EXHAUSTED);
    } else {
      list.data_bytes += bytes;
      response["data"] = outcome.data;
    }
  }
  list.responses.push_back(std::move(response));
}

void Control::Respond(const std::string& client, const json& responses) {
  parts_.broker.PublishTo(client, std::string(kControlResponseTopic), Dump({{"responses", responses}}), 1);
}

}  // namespace parley::plugin
