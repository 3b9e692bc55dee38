#pragma once

#include <string>

#include "schemas/result.h"

namespace parley::bridge {

// The bytes of a file that an option names, at most limits::kSecretFileBytesMax. NOT_FOUND,
// PERMISSION_DENIED, INVALID_ARGUMENT with the file and why, in one line.
Result<std::string> ReadSecretFile(const std::string& path);

}  // namespace parley::bridge
