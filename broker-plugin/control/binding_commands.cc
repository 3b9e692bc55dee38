// The admin commands that bind plain topics to rooms.

#include <string>
#include <vector>

#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"
#include "broker-plugin/control/control.h"
#include "broker-plugin/control/page.h"
#include "core/domain/binding_table.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

using nlohmann::json;

Result<std::string> FilterArgument(const json& command) {
  Result<std::string> filter = RequiredText(command, "filter");
  if (!filter) return filter;
  if (Status checked = domain::CheckBindingFilter(*filter); !checked) return checked.error();
  return filter;
}

Outcome BindTopic(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<std::string> filter = FilterArgument(command);
  if (!filter) return filter.error();
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  const Result<std::string> type = OptionalText(command, "content_type", limits::kContentTypeBytesMax);
  if (!type) return type.error();
  domain::Command append = call.NewCommand();
  append.mutable_bind_topic()->set_filter(*filter);
  append.mutable_bind_topic()->set_room(room->str());
  append.mutable_bind_topic()->set_content_type(type->empty() ? "application/octet-stream" : *type);
  return call.Append(std::move(append));
}

Outcome UnbindTopic(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<std::string> filter = FilterArgument(command);
  if (!filter) return filter.error();
  const Result<RoomId> room = RoomArgument(command);
  if (!room) return room.error();
  domain::Command append = call.NewCommand();
  append.mutable_unbind_topic()->set_filter(*filter);
  append.mutable_unbind_topic()->set_room(room->str());
  return call.Append(std::move(append));
}

Outcome ListBindings(const AdminCall& call) {
  std::vector<const domain::BindingRecord*> bindings;
  for (const domain::BindingRecord& record : call.parts().view.bindings().all()) bindings.push_back(&record);
  return Page(call, bindings, "bindings", [](const domain::BindingRecord& record) {
    return json{
        {"filter", record.filter()}, {"room", record.room()}, {"content_type", record.content_type()}};
  });
}

constexpr AdminCommand kCommands[] = {
    {"bindTopic", BindTopic},
    {"unbindTopic", UnbindTopic},
    {"listBindings", ListBindings},
};

}  // namespace

std::span<const AdminCommand> BindingCommands() {
  return kCommands;
}

}  // namespace parley::plugin
