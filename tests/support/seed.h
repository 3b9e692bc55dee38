#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace parley::testing {

// The seed of a random test: drawn anew each time, or taken from PARLEY_TEST_SEED to see a failure again.
// Put SeedNote() into a SCOPED_TRACE.
inline uint64_t Seed() {
  if (const char* given = std::getenv("PARLEY_TEST_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device()();
}

inline std::string SeedNote(uint64_t seed) {
  return "PARLEY_TEST_SEED=" + std::to_string(seed);
}

// Small dice.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  // 0 … below − 1.
  uint64_t Below(uint64_t below) { return std::uniform_int_distribution<uint64_t>(0, below - 1)(engine_); }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace parley::testing
