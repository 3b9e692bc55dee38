#pragma once

#include <string>
#include <string_view>

namespace parley::plugin {

// Password hashes: argon2id, 19 MiB, two passes (OWASP's minimum), 20–25 ms each, in libsodium's encoded
// form. Any thread.

// Starts libsodium. False when the system cannot run it.
bool StartCrypto();

// Empty when there is not enough memory.
std::string HashPassword(std::string_view password);
// Also hashes that were imported (imported_hash.h).
bool VerifyPassword(const std::string& hash, std::string_view password);

// A hash that no password fits: checked for users who do not exist, so that they cost as much as wrong
// passwords.
const std::string& HashOfNobody();

// A new random secret, `bytes` of entropy, as URL-safe text.
std::string RandomSecret(size_t bytes);

}  // namespace parley::plugin
