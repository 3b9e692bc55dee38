// The admin commands that the bridge answers. The plugin checks who asks, and hands them on as they are.

#include "broker-plugin/control/admin_call.h"

namespace parley::plugin {
namespace {

Outcome OnBridge(const AdminCall& call) {
  return call.OnBridge();
}

constexpr AdminCommand kCommands[] = {
    {"listFeedConsumers", OnBridge}, {"listDeadLetters", OnBridge}, {"replayDeadLetter", OnBridge},
    {"replayDeadLetters", OnBridge}, {"dropDeadLetter", OnBridge},  {"dropDeadLetters", OnBridge},
    {"listWebhooks", OnBridge},      {"getWebhook", OnBridge},      {"pauseWebhook", OnBridge},
    {"resumeWebhook", OnBridge},     {"testWebhook", OnBridge},     {"explainMessage", OnBridge},
    {"listPush", OnBridge},
};

}  // namespace

std::span<const AdminCommand> BridgeCommands() {
  return kCommands;
}

}  // namespace parley::plugin
