#pragma once

#include <array>
#include <cstdint>

#include "schemas/code.h"

namespace parley {

// How often each code was given. Not thread-safe.
class CodeCounts {
 public:
  void Count(Code code) { ++counts_[IndexOf(code)]; }
  uint64_t Of(Code code) const { return counts_[IndexOf(code)]; }

 private:
  // A code that the table does not hold counts as what it reads as.
  static size_t IndexOf(Code code) { return static_cast<size_t>(Describe(code).code); }

  std::array<uint64_t, static_cast<size_t>(v1::Code_MAX) + 1> counts_{};
};

}  // namespace parley
