#include "tests/benchmark/mqtt_packets.h"

namespace parley::benchmark {
namespace {

void AppendNumber(std::string& out, uint16_t number) {
  out.push_back(static_cast<char>(number >> 8));
  out.push_back(static_cast<char>(number));
}

void AppendText(std::string& out, std::string_view text) {
  AppendNumber(out, static_cast<uint16_t>(text.size()));
  out.append(text);
}

void AppendHeader(std::string& out, uint8_t first, size_t length) {
  out.push_back(static_cast<char>(first));
  do {
    const auto digit = static_cast<uint8_t>(length % 128);
    length /= 128;
    out.push_back(static_cast<char>(length > 0 ? digit | 0x80 : digit));
  } while (length > 0);
}

uint16_t Number(std::string_view bytes) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
}

}  // namespace

void AppendConnect(std::string& out, std::string_view client, std::string_view user,
                   std::string_view password) {
  const bool named = !user.empty();
  AppendHeader(out, 0x10, 10 + 2 + client.size() + (named ? 4 + user.size() + password.size() : 0));
  AppendText(out, "MQTT");
  out.push_back(4);
  out.push_back(static_cast<char>(named ? 0xC2 : 0x02));
  AppendNumber(out, 0);  // no keep-alive
  AppendText(out, client);
  if (!named) return;
  AppendText(out, user);
  AppendText(out, password);
}

void AppendSubscribe(std::string& out, std::string_view filter, int qos) {
  AppendHeader(out, 0x82, 2 + 2 + filter.size() + 1);
  AppendNumber(out, 1);
  AppendText(out, filter);
  out.push_back(static_cast<char>(qos));
}

void AppendPublish(std::string& out, std::string_view topic, std::string_view payload, int qos, uint16_t id) {
  AppendHeader(out, static_cast<uint8_t>(0x30 | qos << 1),
               2 + topic.size() + (qos > 0 ? 2 : 0) + payload.size());
  AppendText(out, topic);
  if (qos > 0) AppendNumber(out, id);
  out.append(payload);
}

void AppendPuback(std::string& out, uint16_t id) {
  AppendHeader(out, 0x40, 2);
  AppendNumber(out, id);
}

void AppendDisconnect(std::string& out) {
  AppendHeader(out, 0xE0, 0);
}

std::optional<Packet> TakePacket(std::string_view& buffer) {
  size_t length = 0;
  size_t header = 1;
  for (int shift = 0;; shift += 7, ++header) {
    if (header >= buffer.size()) return std::nullopt;
    const auto digit = static_cast<uint8_t>(buffer[header]);
    length |= static_cast<size_t>(digit & 0x7F) << shift;
    if ((digit & 0x80) == 0) break;
  }
  ++header;
  if (buffer.size() < header + length) return std::nullopt;
  const auto first = static_cast<uint8_t>(buffer[0]);
  std::string_view body = buffer.substr(header, length);
  buffer.remove_prefix(header + length);
  Packet packet;
  packet.type = static_cast<PacketType>(first >> 4);
  switch (packet.type) {
    case PacketType::kConnack:
      packet.code = static_cast<uint8_t>(body[1]);
      break;
    case PacketType::kSuback:
      packet.code = static_cast<uint8_t>(body[2]);
      break;
    case PacketType::kPuback:
      packet.id = Number(body);
      break;
    case PacketType::kPublish: {
      packet.qos = first >> 1 & 3;
      const size_t topic_bytes = Number(body);
      packet.topic = body.substr(2, topic_bytes);
      body.remove_prefix(2 + topic_bytes);
      if (packet.qos > 0) {
        packet.id = Number(body);
        body.remove_prefix(2);
      }
      packet.payload = body;
      break;
    }
    case PacketType::kPingResponse:
      break;
  }
  return packet;
}

}  // namespace parley::benchmark
