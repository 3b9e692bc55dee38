#pragma once

#include <map>
#include <string>

namespace parley::testing {

// All rows of a closed store: "family key" → value, both as bytes. Without the store's id, which is drawn.
std::map<std::string, std::string> DumpStore(const std::string& path);

// Writes or removes (`value` nullptr) one row of a closed store behind the writer's back.
void PokeStore(const std::string& path, const std::string& family, const std::string& key,
               const std::string* value);

}  // namespace parley::testing
