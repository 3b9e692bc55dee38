#pragma once

#include <string>

#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::plugin {

// Checks one field of a request. INVALID_ARGUMENT names it. Pure.
Status CheckRoom(const std::string& room);
Status CheckUser(const char* field, const std::string& user);
// Printable UTF-8 of at most `bytes_max`.
Status CheckText(const char* field, const std::string& text, size_t bytes_max);
Status CheckRetention(uint32_t days);
// `server_limit`: of a draft.
Status CheckMessageBytes(uint32_t bytes, uint32_t server_limit);

}  // namespace parley::plugin
