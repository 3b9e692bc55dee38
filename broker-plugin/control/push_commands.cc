// The admin commands about devices that want notifications. (What the bridge knows of them:
// bridge_commands.cc.)

#include <string>

#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"

namespace parley::plugin {
namespace {

using nlohmann::json;

// What the provider of its notifications says is dead; `targetFeed` not 0: only while it has that target.
Outcome RemovePushDevice(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  const Result<std::string> name = RequiredText(command, "device");
  if (!name) return name.error();
  const Result<ClientId> device = ParseClientId(*name);
  if (!device) return Error{Code::INVALID_ARGUMENT, "device: 1 to 128 of A-Z a-z 0-9 . _ : @ -"};
  const Result<uint64_t> target = OptionalNumber(command, "targetFeed");
  if (!target) return target.error();
  domain::Command append = call.NewCommand();
  append.mutable_unregister_push()->set_username(user->str());
  append.mutable_unregister_push()->set_device(device->str());
  append.mutable_unregister_push()->set_target_feed(*target);
  return call.Append(std::move(append));
}

constexpr AdminCommand kCommands[] = {
    {"removePushDevice", RemovePushDevice, /*for_bridge=*/true},
};

}  // namespace

std::span<const AdminCommand> PushCommands() {
  return kCommands;
}

}  // namespace parley::plugin
