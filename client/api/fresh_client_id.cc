#include "client/api/fresh_client_id.h"

#include <random>

#include "client/session/ids.h"

namespace parley::client {

std::string FreshClientId() {
  std::random_device device;
  const RandomSource random = [&device] { return (uint64_t{device()} << 32) | device(); };
  constexpr size_t kTimeCharacters = 10;  // of a ULID; the 80 random bits behind them are enough
  return "parley-" + MakeUlid(0, random).substr(kTimeCharacters);
}

}  // namespace parley::client
