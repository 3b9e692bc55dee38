#pragma once

#include <cstdint>
#include <string_view>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/gate/command_sender.h"
#include "core/domain/directory.h"

namespace parley::plugin {

// Messages of plain topics that are bound to rooms: they go their ordinary way, and become events, too. What
// a room cannot take (too large, a sender whom Parley does not know, a room that is gone) only goes its
// ordinary way and is counted. Broker thread only.
class BoundMessages {
 public:
  BoundMessages(const domain::Directory& view, CommandSender& commands) : view_(view), commands_(commands) {}

  // A publish to a topic outside chat/v1, QoS `qos`; `session` nullptr: a client that is no Parley user's.
  // False when the log cannot take it: close the connection, the message stays the client's.
  bool Take(const Session* session, std::string_view topic, std::string_view payload, uint8_t qos);

  // Messages that a binding matched and that became no event in some room.
  uint64_t left_out_count() const { return left_out_count_; }
  uint64_t taken_count() const { return taken_count_; }

 private:
  const domain::Directory& view_;
  CommandSender& commands_;
  uint64_t left_out_count_ = 0;
  uint64_t taken_count_ = 0;
};

}  // namespace parley::plugin
