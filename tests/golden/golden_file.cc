#include "tests/golden/golden_file.h"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace parley::testing {

std::filesystem::path GoldenFolder() {
  return PARLEY_GOLDEN_FOLDER;
}

std::optional<std::filesystem::path> WriteFolder() {
  const char* folder = std::getenv("PARLEY_GOLDEN_WRITE");
  if (folder == nullptr) return std::nullopt;
  return folder;
}

std::string ReadWholeFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no golden file " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteWholeFile(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (const char byte : bytes) {
    digits.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    digits.push_back(kDigits[byte & 15]);
  }
  return digits;
}

std::string FromHex(std::string_view digits) {
  if (digits.size() % 2 != 0) throw std::runtime_error("an odd number of digits");
  std::string bytes;
  for (size_t at = 0; at < digits.size(); at += 2) {
    uint8_t byte = 0;
    const char* end = digits.data() + at + 2;
    if (std::from_chars(digits.data() + at, end, byte, 16).ptr != end) throw std::runtime_error("no digit");
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

}  // namespace parley::testing
