#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"

namespace parley::plugin {

inline constexpr uint64_t kListPageMax = 1000;

// Items [offset, offset + count) of a sorted list, each made by `show`: {"totalCount":…, name:[…]}.
// INVALID_ARGUMENT when offset or count is no number.
template <typename Items, typename Show>
Outcome Page(const AdminCall& call, const Items& items, const char* name, Show show) {
  const Result<uint64_t> offset = OptionalNumber(call.arguments(), "offset");
  if (!offset) return offset.error();
  const Result<uint64_t> count = OptionalNumber(call.arguments(), "count");
  if (!count) return count.error();
  const uint64_t limit = *count == 0 ? kListPageMax : std::min(*count, kListPageMax);
  nlohmann::json shown = nlohmann::json::array();
  for (uint64_t i = *offset; i < items.size() && shown.size() < limit; ++i) shown.push_back(show(*items[i]));
  return Outcome::Data({{"totalCount", items.size()}, {name, std::move(shown)}});
}

}  // namespace parley::plugin
