#include "schemas/json.h"

#include <cstring>

#include <google/protobuf/util/json_util.h>

namespace parley {
namespace {

// Decodes one code point at text[i]; returns its length, or 0 when it is malformed (RFC 3629, table 3-7 of
// Unicode).
size_t CodePointLength(std::string_view text, size_t i, uint32_t& code_point) {
  const auto byte = [&](size_t k) { return static_cast<uint8_t>(text[k]); };
  const uint8_t lead = byte(i);
  if (lead < 0x80) {
    code_point = lead;
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return 0;
  code_point = lead & (0xFFu >> (length + 1));
  for (size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
    code_point = (code_point << 6) | (byte(i + k) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return overlong || surrogate || code_point > 0x10FFFF ? 0 : length;
}

// True when none of the 8 bytes at `text` is zero or above 0x7F.
bool IsPlainAscii(const char* text) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  constexpr uint64_t kHigh = 0x8080808080808080;
  constexpr uint64_t kOnes = 0x0101010101010101;
  // Without high bits, byte - 1 has one only where the byte was zero (or a borrow came from a zero).
  return ((bytes | (bytes - kOnes)) & kHigh) == 0;
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails only for malformed Any, Timestamp and the like, which our schemas do not use.
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : "{}";
}

Status FromJson(std::string_view json, google::protobuf::Message& message) {
  message.Clear();
  if (!IsUtf8(json)) return Error{Code::INVALID_ARGUMENT, "the payload is not UTF-8"};
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &message);
  if (status.ok()) return {};
  return Error{Code::INVALID_ARGUMENT,
               "bad JSON: " + Printable(std::string_view(status.message().data(), status.message().size()))};
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (i + 8 <= text.size() && IsPlainAscii(text.data() + i)) {
      i += 8;
      continue;
    }
    uint32_t code_point = 0;
    const size_t length = CodePointLength(text, i, code_point);
    if (length == 0 || code_point == 0) return false;
    i += length;
  }
  return true;
}

std::string Printable(std::string_view text, size_t length_max) {
  std::string shown;
  for (size_t i = 0; i < text.size();) {
    uint32_t code_point = 0;
    const size_t length = CodePointLength(text, i, code_point);
    const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
    const size_t step = length == 0 ? 1 : length;
    if (shown.size() + step > length_max) break;
    if (length == 0 || control) {
      shown += '?';
    } else {
      shown.append(text.substr(i, length));
    }
    i += step;
  }
  return shown;
}

}  // namespace parley
