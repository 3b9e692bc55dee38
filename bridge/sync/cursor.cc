#include "bridge/sync/cursor.h"

#include <array>
#include <cstdio>

#include "bridge/service/decimal.h"

namespace parley::bridge {
namespace {

std::string Checksum(std::string_view text) {
  uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  std::array<char, 9> hex{};
  std::snprintf(hex.data(), hex.size(), "%08x", hash);
  return std::string(hex.data(), 8);
}

std::optional<SyncCursor> ParseProgress(std::string_view text) {
  const size_t sum_at = text.rfind('.');
  const std::string_view body = text.substr(0, sum_at);
  if (text.substr(sum_at + 1) != Checksum(body)) return std::nullopt;
  const size_t first_dot = body.find('.');
  if (first_dot == std::string_view::npos) return std::nullopt;
  const size_t second_dot = body.find('.', first_dot + 1);
  if (second_dot == std::string_view::npos) return std::nullopt;
  const auto since = ParseDecimal(body.substr(0, first_dot));
  const auto target = ParseDecimal(body.substr(first_dot + 1, second_dot - first_dot - 1));
  const auto last = ParseDecimal(body.substr(second_dot + 1));
  if (!since || !target || !last || *since > *target) return std::nullopt;
  return SyncCursor{LogIndex{*since}, SyncCursor::Progress{LogIndex{*target}, Rid{*last}}};
}

}  // namespace

std::string FormatCursor(const SyncCursor& cursor) {
  std::string text = std::to_string(cursor.since.value);
  if (!cursor.progress) return text;
  text +=
      "." + std::to_string(cursor.progress->target.value) + "." + std::to_string(cursor.progress->last.value);
  return text + "." + Checksum(text);
}

std::optional<SyncCursor> ParseCursor(std::string_view text, LogIndex applied) {
  if (text.empty()) return SyncCursor{};
  if (text.find('.') != std::string_view::npos) {
    const std::optional<SyncCursor> cursor = ParseProgress(text);
    return cursor && cursor->progress->target <= applied ? cursor : std::nullopt;
  }
  const std::optional<uint64_t> since = ParseDecimal(text);
  if (!since || *since > applied.value) return std::nullopt;
  return SyncCursor{LogIndex{*since}, std::nullopt};
}

}  // namespace parley::bridge
