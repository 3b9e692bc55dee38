#pragma once

#include <string>

#include "schemas/result.h"

namespace parley::bridge {

// What stands in a file that an operator gave, without white space at its end. INVALID_ARGUMENT in one line,
// with the path.
Result<std::string> ReadSecretFile(const std::string& path);

// The private key (P-256, PEM) of a file, which is made when it is not there, for its owner alone.
// INVALID_ARGUMENT in one line: the file is there, and cannot be read; or it cannot be made.
Result<std::string> ReadOrMakeKeyFile(const std::string& path);

}  // namespace parley::bridge
