#pragma once

#include <string_view>

#include "schemas/result.h"

namespace parley {

// Whether the server may be given this URL to call: http or https, a host, perhaps a port, no user info and
// no fragment, in printable ASCII, at most limits::kUrlBytesMax. Where it leads is another question.
// INVALID_ARGUMENT says what is wrong, without the URL itself (it may be a secret). Pure.
Status CheckUrl(std::string_view url);

}  // namespace parley
