#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/store/store_reader.h"
#include "schemas/names.h"

// What the feed keeps in the bridge's own store: docs/formats/bridge.md. Pure.
namespace parley::bridge {

// Where a consumer stands: it is done with everything up to `offset` of that store.
struct FeedPosition {
  store::StoreId store_id{};
  LogIndex offset;

  bool operator==(const FeedPosition&) const = default;
};

// An entry that a consumer could not handle.
struct DeadLetter {
  LogIndex index;
  bool replay = false;  // to be tried once more
  uint32_t tries = 0;
  uint64_t parked_ms = 0;  // wall clock
  std::string reason;
};

// INTERNAL: `what` is damaged, and what to do.
Error DamagedRow(const std::string& what);

std::string PositionKey(std::string_view consumer);
std::string DeadLetterPrefix(std::string_view consumer);
std::string DeadLetterKey(std::string_view consumer, LogIndex index);
// Of the consumer's own rows.
std::string OwnRowsPrefix(std::string_view consumer);

std::string EncodePosition(const FeedPosition& position);
std::optional<FeedPosition> ParsePosition(std::string_view row);  // nullopt: damaged
std::string EncodeDeadLetter(const DeadLetter& letter);
// `key` as DeadLetterKey() makes it; nullopt: damaged.
std::optional<DeadLetter> ParseDeadLetter(std::string_view key, std::string_view row);

}  // namespace parley::bridge
