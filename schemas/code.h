#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "parley/v1/code.pb.h"

namespace parley {

// The closed table of codes (code.proto), used as Code::NOT_FOUND.
// (An alias of the generated enum, so that a code never needs translating before it is sent.)
using Code = v1::Code;

// How one code is shown at every edge.
struct CodeEntry {
  Code code;
  std::string_view name;  // as in JSON: "NOT_FOUND"
  uint8_t mqtt_reason;    // MQTT 5 reason code of CONNACK, SUBACK, PUBACK, DISCONNECT
  int exit_code;          // of the command-line client (sysexits.h where one fits)
  int http_status;
};

// All codes, one entry each, in the order of their numbers.
std::span<const CodeEntry> CodeTable();

// The entry of a code; an unknown number (from a newer peer) reads as INTERNAL.
const CodeEntry& Describe(Code code);

inline std::string_view CodeName(Code code) {
  return Describe(code).name;
}

}  // namespace parley
