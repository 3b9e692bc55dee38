#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::client {

struct HistoryOptions {
  GlobalOptions global;
  v1::HistoryPageRequest request;
  bool all = false;  // page after page, oldest first
};

Result<HistoryOptions> ParseHistoryOptions(const std::vector<std::string>& words);
CommandHelp HistoryHelp();

// Milliseconds since 1970 of "2026-11-25", "2026-11-25 08:30[:15]" or with 'T' (local time; UTC with a final
// 'Z'), or of such milliseconds themselves. INVALID_ARGUMENT.
Result<uint64_t> ParseTime(std::string_view text);

}  // namespace parley::client
