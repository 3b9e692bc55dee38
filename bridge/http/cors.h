#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/result.h"

namespace parley::bridge {

// Which pages of other origins may read what is served here (the Fetch standard's CORS protocol). Without any
// origin nobody may, as browsers have it by themselves.
class CorsPolicy {
 public:
  // Origins as browsers send them: "https://chat.example.org", "http://localhost:3000"; "*" is any.
  // INVALID_ARGUMENT names the one that is none.
  static Result<CorsPolicy> Of(std::vector<std::string> origins);

  // Allows none.
  CorsPolicy() = default;

  // The value of Access-Control-Allow-Origin for a request of this origin; nullopt: it may not.
  std::optional<std::string> AllowOrigin(std::string_view origin) const;
  // Whether the answer depends on who asks (Vary: Origin).
  bool varies() const { return !any_ && !origins_.empty(); }

 private:
  std::vector<std::string> origins_;
  bool any_ = false;
};

}  // namespace parley::bridge
