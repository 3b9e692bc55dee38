#pragma once

#include <string>

#include "schemas/result.h"

namespace parley::client {

// Small files of the command line, at most 1 MiB. NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
// UNAVAILABLE.
Result<std::string> ReadSmallFile(const std::string& path);

// Replaces `path` in one step by a file of mode 0600 that is on the disk; makes its folder (0700) if need be.
Status WritePrivateFile(const std::string& path, const std::string& text);

// Its first line, without the line break.
Result<std::string> ReadPasswordFile(const std::string& path);

// Asks on the terminal without echo; when stdin is no terminal, reads its first line.
// INVALID_ARGUMENT when there is none.
Result<std::string> AskPassword(const std::string& prompt);

}  // namespace parley::client
