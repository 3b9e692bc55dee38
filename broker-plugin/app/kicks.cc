#include "broker-plugin/app/kicks.h"

#include <utility>
#include <vector>

namespace parley::plugin {

bool Kicks::Kick(const std::string& client) {
  in_kick_ = true;
  const bool known = broker_.Kick(client);
  in_kick_ = false;
  return known;
}

void Kicks::Later(const std::string& client) {
  const Session* session = sessions_.FindClient(client);
  if (session != nullptr) to_kick_[client] = session->handle;
}

size_t Kicks::AllLater(const std::string& user, const std::string& client) {
  size_t count = 0;
  for (const std::string& id : client.empty() ? sessions_.ClientsOf(user) : std::vector{client}) {
    const Session* session = sessions_.FindClient(id);
    if (session == nullptr || !session->connected) continue;
    Later(id);
    ++count;
  }
  return count;
}

void Kicks::OnTick() {
  for (const auto& [client, handle] : std::exchange(kicking_, std::exchange(to_kick_, {}))) {
    const Session* session = sessions_.FindClient(client);
    if (session == nullptr || session->handle != handle) continue;  // it has logged in anew
    // A web socket that does not read lingers and could go on to publish: for us it is gone now.
    if (Kick(client) && handle != nullptr) gone_(handle);
  }
}

}  // namespace parley::plugin
