#include "bridge/http/cors.h"

#include <algorithm>

namespace parley::bridge {
namespace {

// scheme://host[:port], in lower case and with nothing behind it: what a browser sends.
bool IsOrigin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.substr(0, scheme.size()) != scheme) continue;
    const std::string_view rest = text.substr(scheme.size());
    return !rest.empty() && rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]") == rest.npos;
  }
  return false;
}

}  // namespace

Result<CorsPolicy> CorsPolicy::Of(std::vector<std::string> origins) {
  CorsPolicy policy;
  for (std::string& origin : origins) {
    if (origin == "*") {
      policy.any_ = true;
    } else if (IsOrigin(origin)) {
      policy.origins_.push_back(std::move(origin));
    } else {
      return Error{Code::INVALID_ARGUMENT, "--http-cors-origin " + origin +
                                               " is no origin: give scheme and host (and port) in lower "
                                               "case, as in https://chat.example.org, or *"};
    }
  }
  return policy;
}

std::optional<std::string> CorsPolicy::AllowOrigin(std::string_view origin) const {
  if (any_) return "*";
  if (std::find(origins_.begin(), origins_.end(), origin) == origins_.end()) return std::nullopt;
  return std::string(origin);
}

}  // namespace parley::bridge
