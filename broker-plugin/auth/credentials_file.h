#pragma once

#include <optional>
#include <string>

#include "schemas/result.h"

namespace parley::plugin {

struct Credentials {
  std::string username;
  std::string password;
};

// A credentials file: the lines `username=…` and `password=…`, mode 0600. nullopt when there is none; an
// error names what is wrong.
Result<std::optional<Credentials>> ReadCredentials(const std::string& path);

// Writes it whole or not at all, and on disk before it returns.
Status WriteCredentials(const std::string& path, const Credentials& credentials);

}  // namespace parley::plugin
