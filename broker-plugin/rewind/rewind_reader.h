#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/store/store_reader.h"
#include "schemas/names.h"
#include "schemas/result.h"
#include "schemas/topic.h"

namespace parley::plugin {

// The bytes of one rewind, in its encoding; above: the newest that fit.
inline constexpr size_t kRewindBytesMax = size_t{1024} * 1024;

// The newest events of a room that one client may see.
struct RewindQuery {
  Rid rid;
  Seq first;       // the first visible one
  LogIndex up_to;  // none that is newer: whether those may be seen is not known yet
  size_t count = 0;
  Encoding encoding = Encoding::kJson;
};

struct RewindEvent {
  Seq seq;
  std::string payload;  // encoded
};

// Oldest first; fewer than asked for when there are no more or they do not fit. INTERNAL when the store
// cannot be read. Any thread.
Result<std::vector<RewindEvent>> ReadRewind(const store::StoreView& view, const RewindQuery& query);

}  // namespace parley::plugin
