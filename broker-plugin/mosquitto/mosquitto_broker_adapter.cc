#include "broker-plugin/mosquitto/mosquitto_broker_adapter.h"

// clang-format off
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mqtt_protocol.h>
// clang-format on

#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "broker-plugin/auth/certificate.h"

namespace parley::plugin {
namespace {

// The broker frees what it publishes, so it must be its memory. (mosquitto_broker_publish_copy breaks the
// heap accounting of 2.0.11.)
void PublishCopy(const char* client, const std::string& topic, std::string_view payload, int qos,
                 std::string_view correlation_data) {
  void* copy = nullptr;
  if (!payload.empty()) {
    copy = mosquitto_malloc(payload.size());
    if (copy == nullptr) return;  // memory_limit reached: as when a queue is full, clients sync
    std::memcpy(copy, payload.data(), payload.size());
  }
  mosquitto_property* properties = nullptr;
  if (!correlation_data.empty()) {
    mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA, correlation_data.data(),
                                  static_cast<uint16_t>(correlation_data.size()));
  }
  const int published = mosquitto_broker_publish(client, topic.c_str(), static_cast<int>(payload.size()),
                                                 copy, qos, /*retain=*/false, properties);
  if (published == MOSQ_ERR_SUCCESS) return;
  mosquitto_free(copy);
  mosquitto_property_free_all(&properties);
}

// By the kernel's clock, which counts what has arrived though the broker has not read it yet.
std::optional<std::chrono::milliseconds> SinceLastBytes(int socket) {
  tcp_info info = {};
  socklen_t size = sizeof info;
  if (socket < 0 || ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return std::chrono::milliseconds(info.tcpi_last_data_recv);
}

}  // namespace

void MosquittoBroker::Publish(const std::string& topic, std::string_view payload, int qos,
                              std::string_view correlation_data) {
  PublishCopy(nullptr, topic, payload, qos, correlation_data);
}

void MosquittoBroker::PublishTo(const std::string& client, const std::string& topic, std::string_view payload,
                                int qos) {
  PublishCopy(client.c_str(), topic, payload, qos, {});
}

bool MosquittoBroker::Kick(const std::string& client) {
  return mosquitto_kick_client_by_clientid(client.c_str(), /*with_will=*/true) == MOSQ_ERR_SUCCESS;
}

std::string MosquittoBroker::CertificateName(const void* handle) {
  void* certificate = mosquitto_client_certificate(static_cast<const mosquitto*>(handle));
  if (certificate == nullptr) return {};
  std::string name = CommonNameOf(certificate);
  FreeCertificate(certificate);
  return name;
}

bool MosquittoBroker::LearnSockets(const void* client, uint16_t port) {
  return sockets_.Learn(static_cast<const mosquitto*>(client), port);
}

std::optional<Broker::Silence> MosquittoBroker::SilenceOf(const void* handle) {
  const auto* client = static_cast<const mosquitto*>(handle);
  const std::chrono::seconds keep_alive(mosquitto_client_keepalive(client));
  if (keep_alive.count() == 0) return Silence{};
  const std::optional<std::chrono::milliseconds> silent = SinceLastBytes(sockets_.Find(client));
  return silent ? std::optional(Silence{*silent, keep_alive}) : std::nullopt;
}

std::optional<std::chrono::milliseconds> MosquittoBroker::QuietBeforeEnd(const void* handle) {
  return SinceLastBytes(sockets_.FindEnding(static_cast<const mosquitto*>(handle)));
}

int MosquittoBroker::SocketOf(const void* client, int known) {
  return sockets_.Find(static_cast<const mosquitto*>(client), known);
}

void MosquittoBroker::Log(Level level, const std::string& line) {
  int priority = MOSQ_LOG_INFO;
  switch (level) {
    case Level::kInfo:
      priority = MOSQ_LOG_INFO;
      break;
    case Level::kNotice:
      priority = MOSQ_LOG_NOTICE;
      break;
    case Level::kWarning:
      priority = MOSQ_LOG_WARNING;
      break;
    case Level::kError:
      priority = MOSQ_LOG_ERR;
      break;
  }
  mosquitto_log_printf(priority, "parley: %s", line.c_str());
}

}  // namespace parley::plugin
