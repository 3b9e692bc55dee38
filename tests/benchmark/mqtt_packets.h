#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::benchmark {

// The MQTT 3.1.1 packets that a load needs (OASIS, chapter 3), by hand: a client library would cost more than
// the broker under test.

enum class PacketType : uint8_t {
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kSuback = 9,
  kPingResponse = 13,
};

void AppendConnect(std::string& out, std::string_view client, std::string_view user,
                   std::string_view password);
void AppendSubscribe(std::string& out, std::string_view filter, int qos);
void AppendPublish(std::string& out, std::string_view topic, std::string_view payload, int qos, uint16_t id);
void AppendPuback(std::string& out, uint16_t id);
void AppendDisconnect(std::string& out);

// One packet as it came; views into the buffer that was read.
struct Packet {
  PacketType type = PacketType::kPublish;
  uint8_t code = 0;  // of CONNACK and SUBACK
  int qos = 0;
  uint16_t id = 0;
  std::string_view topic;
  std::string_view payload;
};

// Takes the first whole packet off `buffer`; nullopt when there is none yet.
std::optional<Packet> TakePacket(std::string_view& buffer);

}  // namespace parley::benchmark
