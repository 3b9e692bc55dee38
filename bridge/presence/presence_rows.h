#pragma once

#include <string>
#include <string_view>

#include "bridge/presence/presence_model.h"
#include "core/store/local_store.h"
#include "schemas/result.h"

namespace parley::bridge {

// The rows of presence in the bridge's own store (docs/formats/bridge.md, tag `p`).

std::string PresenceKey(std::string_view user);

struct LoadedPresence {
  bool fresh = false;     // nothing was ever kept here
  uint64_t alive_ms = 0;  // wall clock: when the bridge was last known to be there
};
// Gives the model all that was kept. INTERNAL when a row is damaged: the line says which.
Result<LoadedPresence> LoadPresence(const store::LocalStore& local, PresenceModel& model);

void AddRows(const PresenceModel::Rows& rows, store::LocalBatch& batch);
// The bridge is there now; from the first one on what is kept here is complete.
void AddAlive(uint64_t wall_ms, store::LocalBatch& batch);

}  // namespace parley::bridge
