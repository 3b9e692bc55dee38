#pragma once

#include <string>

#include "schemas/result.h"

namespace parley::plugin {

// Makes the data folder (0700) if it is not there, and checks that it can be used. One line that says what to
// do when it cannot.
Status PrepareFolder(const std::string& path);

// `store` is empty, new, or a store: never somebody else's folder.
Status CheckStoreFolder(const std::string& store);

}  // namespace parley::plugin
