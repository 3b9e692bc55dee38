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
  std::array<uint64_t, 4> numbers{};  // since, target, last room, inbox
  size_t count = 0;
  for (std::string_view rest = body; count <= numbers.size();) {
    const size_t dot = rest.find('.');
    const std::optional<uint64_t> number = ParseDecimal(rest.substr(0, dot));
    if (!number || count == numbers.size()) return std::nullopt;
    numbers[count++] = *number;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  const auto& [since, target, last, inbox] = numbers;
  if (count < 3 || since > target) return std::nullopt;
  SyncCursor cursor{LogIndex{since}, SyncCursor::Progress{LogIndex{target}, Rid{last}}};
  if (count == 4) cursor.progress->inbox = inbox;
  return cursor;
}

}  // namespace

std::string FormatCursor(const SyncCursor& cursor) {
  std::string text = std::to_string(cursor.since.value);
  if (!cursor.progress) return text;
  const SyncCursor::Progress& progress = *cursor.progress;
  text += "." + std::to_string(progress.target.value) + "." + std::to_string(progress.last.value);
  if (progress.inbox) text += "." + std::to_string(*progress.inbox);
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
