#include "bridge/feed/rows.h"

#include <algorithm>

#include "bridge/service/big_endian.h"

namespace parley::bridge {
namespace {

constexpr char kVersion = 1;
constexpr char kReplay = 1;  // flag
constexpr size_t kPositionBytes = 1 + 16 + 8;
constexpr size_t kLetterHeaderBytes = 1 + 1 + 4 + 8;

std::string Key(char tag, std::string_view consumer) {
  return std::string(1, tag).append(consumer);
}

}  // namespace

Error DamagedRow(const std::string& what) {
  return {Code::INTERNAL,
          what + " is damaged: move the folder bridge/store of the data folder away and start again"};
}

std::string PositionKey(std::string_view consumer) {
  return Key('o', consumer);
}

std::string DeadLetterPrefix(std::string_view consumer) {
  return Key('d', consumer).append(1, '\0');
}

std::string DeadLetterKey(std::string_view consumer, LogIndex index) {
  std::string key = DeadLetterPrefix(consumer);
  AppendBigEndian(key, index.value);
  return key;
}

std::string OwnRowsPrefix(std::string_view consumer) {
  return Key('e', consumer).append(1, '\0');
}

std::string EncodePosition(const FeedPosition& position) {
  std::string row(1, kVersion);
  row.append(position.store_id.data(), position.store_id.size());
  AppendBigEndian(row, position.offset.value);
  return row;
}

std::optional<FeedPosition> ParsePosition(std::string_view row) {
  if (row.size() != kPositionBytes || row.front() != kVersion) return std::nullopt;
  FeedPosition position;
  std::copy_n(row.begin() + 1, position.store_id.size(), position.store_id.begin());
  position.offset.value = ReadBigEndian<uint64_t>(row.substr(1 + position.store_id.size()));
  return position;
}

std::string EncodeDeadLetter(const DeadLetter& letter) {
  std::string row(1, kVersion);
  row.push_back(letter.replay ? kReplay : '\0');
  AppendBigEndian(row, letter.tries);
  AppendBigEndian(row, letter.parked_ms);
  return row.append(letter.reason);
}

std::optional<DeadLetter> ParseDeadLetter(std::string_view key, std::string_view row) {
  if (key.size() < sizeof(uint64_t)) return std::nullopt;
  if (row.size() < kLetterHeaderBytes || row.front() != kVersion) return std::nullopt;
  return DeadLetter{.index = {ReadBigEndian<uint64_t>(key.substr(key.size() - sizeof(uint64_t)))},
                    .replay = (row[1] & kReplay) != 0,
                    .tries = ReadBigEndian<uint32_t>(row.substr(2)),
                    .parked_ms = ReadBigEndian<uint64_t>(row.substr(6)),
                    .reason = std::string(row.substr(kLetterHeaderBytes))};
}

}  // namespace parley::bridge
