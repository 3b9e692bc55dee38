#include "client/cli/open.h"

#include <utility>

namespace parley::client {

Result<std::unique_ptr<Client>> OpenClient(const GlobalOptions& global, const CommandContext& context,
                                           ClientOptions options) {
  Result<MqttOptions> connection = ResolveConnection(global, context.environment);
  if (!connection) return std::move(connection).error();
  options.mqtt = std::move(*connection);
  options.interrupted = &context.interrupted;
  return Client::Connect(options);
}

}  // namespace parley::client
