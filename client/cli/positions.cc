#include "client/cli/positions.h"

#include <array>
#include <cctype>
#include <utility>

#include <nlohmann/json.hpp>

#include "client/cli/files.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::chrono::seconds kSaveEvery{2};

Error NotReadable() {
  return {Code::INVALID_ARGUMENT, "is no list of positions of this version: remove it to start anew"};
}

// A part of a file's name: anything but letters, digits, '-', '.' and '_' as %XX.
std::string FileNamePart(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string part;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_') {
      part += c;
    } else {
      part += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return part;
}

}  // namespace

Result<Positions> ParsePositions(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("version", Json()) != kVersion) return NotReadable();
  const Json cursor = json.value("cursor", Json(""));
  const Json rooms = json.value("rooms", Json::object());
  if (!cursor.is_string() || !rooms.is_object()) return NotReadable();
  Positions positions;
  positions.cursor = cursor.get<std::string>();
  for (const auto& [name, room] : rooms.items()) {
    if (!room.is_object()) return NotReadable();
    const Json seq = room.value("seq", Json());
    const Json ts_ms = room.value("ts_ms", Json());
    if (!seq.is_number_unsigned() || !ts_ms.is_number_unsigned()) return NotReadable();
    positions.rooms[name] = {seq.get<uint64_t>(), ts_ms.get<uint64_t>()};
  }
  return positions;
}

std::string PrintPositions(const Positions& positions) {
  Json rooms = Json::object();
  for (const auto& [name, seen] : positions.rooms) rooms[name] = {{"seq", seen.seq}, {"ts_ms", seen.ts_ms}};
  const Json json = {{"version", kVersion}, {"cursor", positions.cursor}, {"rooms", std::move(rooms)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string PositionsPath(std::string_view program, const MqttOptions& connection,
                          const Environment& environment) {
  std::string folder = environment("HOME").value_or("") + "/.local/state";
  if (const auto state = environment("XDG_STATE_HOME")) folder = *state;
  return folder + "/parley/" + std::string(program) + "@" + FileNamePart(connection.user) + "@" +
         FileNamePart(connection.host) + "@" + std::to_string(connection.port) + ".json";
}

Status PositionKeeper::Load() {
  Result<std::string> text = ReadSmallFile(path_);
  if (!text) return text.error().code == Code::NOT_FOUND ? Status() : Status(text.error());
  Result<Positions> positions = ParsePositions(*text);
  if (!positions) return Error{positions.error().code, path_ + " " + positions.error().reason};
  positions_ = std::move(*positions);
  return {};
}

void PositionKeeper::Shown(const v1::Event& event) {
  if (event.seq() == 0) return;
  // Also downwards: a room that was made anew starts at 1 again.
  positions_.rooms[event.room()] = {event.seq(), event.ts_ms()};
  changed_ = true;
}

void PositionKeeper::CaughtUp(const std::string& cursor) {
  if (cursor.empty() || cursor == positions_.cursor) return;
  positions_.cursor = cursor;
  changed_ = true;
}

Status PositionKeeper::Save(bool now) {
  if (!changed_ || (!now && Clock::now() < saved_ + kSaveEvery)) return {};
  changed_ = false;
  saved_ = Clock::now();
  return WritePrivateFile(path_, PrintPositions(positions_));
}

}  // namespace parley::client
