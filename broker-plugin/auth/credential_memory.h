#pragma once

#include <array>
#include <string>
#include <string_view>

#include "schemas/result.h"

namespace parley::plugin {

// Remembers that a password was right without keeping anything a stolen disk could use: a MAC over user,
// password hash and password. The MAC lies in the store, its key only on a memory file system, so that it
// survives a restart of the broker but not of the machine.
class CredentialMemory {
 public:
  // Opens or makes the key of one store (`name` tells stores apart). When the memory file system cannot be
  // used, the key lives in this process alone and `why` says so.
  static CredentialMemory Open(const std::string& folder, const std::string& name, std::string& why);

  // 32 bytes. The password hash is part of it, so a changed password forgets by itself.
  std::string Mac(std::string_view user, std::string_view password_hash, std::string_view password) const;

  // Constant time; false for an empty `remembered`.
  static bool Equal(std::string_view remembered, std::string_view mac);

 private:
  using Key = std::array<unsigned char, 32>;
  Key key_{};
};

}  // namespace parley::plugin
