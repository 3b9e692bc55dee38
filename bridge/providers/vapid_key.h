#pragma once

#include <string>

#include "schemas/result.h"

namespace parley::bridge {

// The private key (P-256, PEM) in a file, which is made when it is not there, for its owner alone. One line:
// the file is there and cannot be read, or it cannot be made.
Result<std::string> ReadOrMakeKeyFile(const std::string& path);

}  // namespace parley::bridge
