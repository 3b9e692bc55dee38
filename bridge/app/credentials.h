#pragma once

#include <string>
#include <string_view>

#include "schemas/result.h"

namespace parley::bridge {

struct Credentials {
  std::string username;
  std::string password;
};

// Of the text of a credentials file: a line `username=…` and a line `password=…`. INVALID_ARGUMENT.
Result<Credentials> ParseCredentials(std::string_view text);

// Reads a credentials file. NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT; the reason names the file.
Result<Credentials> ReadCredentials(const std::string& path);

}  // namespace parley::bridge
