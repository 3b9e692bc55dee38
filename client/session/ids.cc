#include "client/session/ids.h"

#include <array>
#include <string_view>

namespace parley::client {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Writes the low 5 * `count` bits of `value`, most significant first.
void Append(std::string& text, uint64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) text += kAlphabet[(value >> (5 * i)) & 31];
}

}  // namespace

std::string MakeUlid(int64_t unix_ms, const RandomSource& random) {
  std::string id;
  id.reserve(26);
  Append(id, static_cast<uint64_t>(unix_ms) & 0xFFFF'FFFF'FFFF, 10);
  Append(id, random(), 8);
  Append(id, random(), 8);
  return id;
}

}  // namespace parley::client
