#include "schemas/code.h"

#include <array>

namespace parley {
namespace {

constexpr std::array kTable = {
    CodeEntry{Code::OK, "OK", 0x00, 0, 200},
    CodeEntry{Code::INVALID_ARGUMENT, "INVALID_ARGUMENT", 0x99, 65, 400},
    CodeEntry{Code::NOT_FOUND, "NOT_FOUND", 0x90, 66, 404},
    CodeEntry{Code::ALREADY_EXISTS, "ALREADY_EXISTS", 0x83, 73, 409},
    CodeEntry{Code::PERMISSION_DENIED, "PERMISSION_DENIED", 0x87, 77, 403},
    CodeEntry{Code::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED", 0x97, 75, 429},
    CodeEntry{Code::FAILED_PRECONDITION, "FAILED_PRECONDITION", 0x83, 78, 412},
    CodeEntry{Code::UNIMPLEMENTED, "UNIMPLEMENTED", 0x83, 72, 501},
    CodeEntry{Code::INTERNAL, "INTERNAL", 0x80, 70, 500},
    CodeEntry{Code::UNAVAILABLE, "UNAVAILABLE", 0x88, 69, 503},
    CodeEntry{Code::UNAUTHENTICATED, "UNAUTHENTICATED", 0x86, 67, 401},
};

}  // namespace

std::span<const CodeEntry> CodeTable() {
  return kTable;
}

const CodeEntry& Describe(Code code) {
  const CodeEntry* internal = nullptr;
  for (const CodeEntry& entry : kTable) {
    if (entry.code == code) return entry;
    if (entry.code == Code::INTERNAL) internal = &entry;
  }
  return *internal;
}

}  // namespace parley
