#pragma once

#include <cstddef>
#include <cstdint>

#include <isa-l/crc.h>

namespace parley::log {

// crc32c (RFC 3720), as ISA-L computes it; `crc` goes from piece to piece uninverted: begin with ~0, end with
// ~crc.
inline uint32_t ExtendCrc(uint32_t crc, const void* data, size_t bytes) {
  auto* unchanged = static_cast<unsigned char*>(const_cast<void*>(data));  // the library reads only
  return crc32_iscsi(unchanged, static_cast<int>(bytes), crc);
}

}  // namespace parley::log
