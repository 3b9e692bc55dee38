#pragma once

#include <string>
#include <string_view>

#include "schemas/result.h"

namespace parley::plugin {

// Password hashes of Mosquitto's password_file, taken over as they are until their user logs in:
// $7${iterations}${salt}${hash} (PBKDF2-HMAC-SHA512) and $6${salt}${hash} (SHA512 over password and salt);
// salt and hash in base64. Any thread.

// True for a hash that has one of these forms, whether or not it is well formed.
bool IsImportedHash(std::string_view hash);

// INVALID_ARGUMENT, and why, for one that cannot be taken over. More than 20000 iterations would hold the
// broker's loop for longer than a hash of our own does.
Status CheckImportedHash(std::string_view hash);

// False for a hash that is not well formed, too. Constant time in what is compared.
bool VerifyImportedHash(std::string_view hash, std::string_view password);

}  // namespace parley::plugin
