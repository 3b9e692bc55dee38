#pragma once

#include "broker-plugin/delivery/broker.h"
#include "broker-plugin/mosquitto/client_sockets.h"

namespace parley::plugin {

// The Broker interface on Mosquitto's C functions.
class MosquittoBroker final : public Broker {
 public:
  void Publish(const std::string& topic, std::string_view payload, int qos,
               std::string_view correlation_data) override;
  void PublishTo(const std::string& client, const std::string& topic, std::string_view payload,
                 int qos) override;
  bool Kick(const std::string& client) override;
  std::string CertificateName(const void* handle) override;
  bool LearnSockets(const void* client, uint16_t port) override;
  std::optional<Silence> SilenceOf(const void* handle) override;
  std::optional<std::chrono::milliseconds> QuietBeforeEnd(const void* handle) override;
  int SocketOf(const void* client, int known) override;
  void Log(Level level, const std::string& line) override;

 private:
  ClientSockets sockets_;
};

}  // namespace parley::plugin
