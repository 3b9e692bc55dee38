#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::plugin {

// All that the plugin asks of Mosquitto. Broker thread only, except Log.
class Broker {
 public:
  virtual ~Broker() = default;

  // Queues a message for all subscribers of a topic. The broker routes it, and asks for the READ right, at
  // the top of its next loop pass. `correlation_data`: the MQTT 5 property; empty = none.
  virtual void Publish(const std::string& topic, std::string_view payload, int qos,
                       std::string_view correlation_data) = 0;
  // Queues a message for one client, without subscription and without READ.
  virtual void PublishTo(const std::string& client, const std::string& topic, std::string_view payload,
                         int qos) = 0;
  // Disconnects a client; its session stays. True when the broker holds a session of that id. Never inside a
  // READ or MESSAGE callback.
  virtual bool Kick(const std::string& client) = 0;

  // Learns how to find the sockets of clients, from one that is connected from this local port. False: they
  // cannot be found on this broker.
  virtual bool LearnSockets(const void* client, uint16_t port) = 0;
  // The TCP socket of a connected client; -1 when it cannot be found. `known`: what this has returned for the
  // same connection before, which spares looking closely again.
  virtual int SocketOf(const void* client, int known) = 0;

  // How long a connected client has sent nothing, and the keep-alive that it has announced (0: none).
  struct Silence {
    std::chrono::milliseconds silent{};
    std::chrono::seconds keep_alive{};
  };
  // nullopt: it cannot be seen. `handle`: the broker's own object.
  virtual std::optional<Silence> SilenceOf(const void* /*handle*/) { return std::nullopt; }

  // How long nothing has come from a client whose connection is about to end, before its end is told.
  // nullopt: it cannot be seen. `handle`: the broker's own object.
  virtual std::optional<std::chrono::milliseconds> QuietBeforeEnd(const void* /*handle*/) {
    return std::nullopt;
  }

  // The common name of the verified TLS certificate that the client of a connection has shown; empty when it
  // has shown none. `handle`: the broker's own object.
  virtual std::string CertificateName(const void* /*handle*/) { return {}; }

  enum class Level { kInfo, kNotice, kWarning, kError };
  // One line; control characters are the caller's business. Any thread.
  virtual void Log(Level level, const std::string& line) = 0;
};

}  // namespace parley::plugin
