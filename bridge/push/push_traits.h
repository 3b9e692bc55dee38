#pragma once

#include <array>
#include <cstddef>

#include "parley/v1/push.pb.h"

namespace parley::bridge {

// What this server can do with each provider.
struct PushProviderTraits {
  bool configured = false;
  bool can_withdraw = false;
};
class PushProviderTable {
 public:
  PushProviderTraits& operator[](v1::Push::Provider provider) {
    return traits_[static_cast<size_t>(provider)];
  }
  const PushProviderTraits& operator[](v1::Push::Provider provider) const {
    return traits_[static_cast<size_t>(provider)];
  }

 private:
  std::array<PushProviderTraits, v1::Push::Provider_ARRAYSIZE> traits_{};
};

}  // namespace parley::bridge
