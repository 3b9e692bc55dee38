#include "client/api/client.h"
#include "client/cli/command.h"
#include "client/cli/render.h"
#include "client/cli/report.h"
#include "client/cli/rooms_options.h"

namespace parley::client {

int RunRooms(const CommandContext& context) {
  Result<RoomsOptions> options = ParseRoomsOptions(context.words);
  if (!options) return UsageError("parley rooms", options.error());
  if (options->global.help) return PrintLine(RoomsHelp()) ? 0 : 1;
  const bool json = options->global.json;
  Result<MqttOptions> connection = ResolveConnection(options->global, context.environment);
  if (!connection) return Fail(connection.error(), json);
  ClientOptions client_options;
  client_options.mqtt = *connection;
  client_options.interrupted = &context.interrupted;
  Result<std::unique_ptr<Client>> client = Client::Connect(client_options);
  if (!client) {
    Fail(client.error(), json);
    return ExitCode(client.error(), context);
  }
  Result<std::vector<v1::RoomState>> rooms = (*client)->Rooms();
  if (!rooms) {
    Fail(rooms.error(), json);
    return ExitCode(rooms.error(), context);
  }
  for (const v1::RoomState& room : *rooms) {
    if (!PrintLine(json ? ToJsonLine(room) : RenderRoom(room))) break;
  }
  return 0;
}

}  // namespace parley::client
