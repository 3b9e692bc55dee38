#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace parley::testing {

// tests/golden/ of the sources.
std::filesystem::path GoldenFolder();

// The folder to write golden files into that are not there yet (PARLEY_GOLDEN_WRITE); nullopt: only compare.
// What is there is never changed: it is what an earlier version has written.
std::optional<std::filesystem::path> WriteFolder();

std::string ReadWholeFile(const std::filesystem::path& path);
void WriteWholeFile(const std::filesystem::path& path, std::string_view bytes);

// Bytes as lower-case hexadecimal digits, and back; what is no pair of digits ends the test program.
std::string ToHex(std::string_view bytes);
std::string FromHex(std::string_view digits);

}  // namespace parley::testing
