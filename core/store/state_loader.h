#pragma once

#include <deque>

#include "core/store/rocks_view.h"
#include "core/store/store_writer.h"

namespace parley::store {

// Reads all that is kept in memory: users, rooms, memberships, heads. `garbage`: deleted rooms whose rows are
// still to be freed. INTERNAL when a row is damaged. loaded.applied is set before.
Status LoadState(rocksdb::DB& db, const Families& families, Loaded& loaded, std::deque<Rid>& garbage);

}  // namespace parley::store
