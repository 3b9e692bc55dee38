// The admin commands about the server itself.

#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/control.h"

namespace parley::plugin {
namespace {

Outcome Stats(const AdminCall& call) {
  return Outcome::Data(call.parts().stats());
}

constexpr AdminCommand kCommands[] = {
    {"stats", Stats},
};

}  // namespace

std::span<const AdminCommand> ServerCommands() {
  return kCommands;
}

}  // namespace parley::plugin
