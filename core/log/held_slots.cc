#include "core/log/held_slots.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/log/crc32c.h"

namespace parley::log {

struct HeldSlots::Header {
  char magic[8];
  uint32_t version;
  uint32_t slots;
  char store_id[16];
};

// A slot has two: a record is written into the one that does not hold the present record, and is the newest
// once its checksum is right.
struct HeldSlots::Half {
  uint32_t crc;  // crc32c over number, length, bytes
  uint32_t length;
  uint64_t number;  // rises with each record of the slot; 0 = nothing
  char bytes[kBytesMax];

  uint32_t Checksum() const {
    uint32_t sum = ExtendCrc(~uint32_t{0}, &number, sizeof number);
    sum = ExtendCrc(sum, &length, sizeof length);
    return ~ExtendCrc(sum, bytes, length);
  }
  bool IsRecord() const { return number != 0 && length <= kBytesMax && crc == Checksum(); }
};

namespace {

constexpr char kMagic[8] = {'P', 'R', 'L', 'Y', 'H', 'E', 'L', 'D'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 4096;
constexpr size_t kHalfBytes = 512;
constexpr size_t kFileBytes = kHeaderBytes + HeldSlots::kSlots * 2 * kHalfBytes;

Error Failed(const std::string& what, const std::string& path) {
  return {Code::INTERNAL, what + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::unique_ptr<HeldSlots>> HeldSlots::Open(const std::string& path, const StoreId& store_id,
                                                   std::vector<std::string>& found) {
  static_assert(sizeof(Half) == kHalfBytes);
  std::unique_ptr<HeldSlots> slots(new HeldSlots());
  slots->fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (slots->fd_ < 0) return Failed("open", path);
  // Never sparse: a hole that is first written on a full disk would be SIGBUS.
  if (const int failed = ::posix_fallocate(slots->fd_, 0, kFileBytes); failed != 0) {
    errno = failed;
    return Failed("reserve 2 MiB for", path);
  }
  void* mapped =
      ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, slots->fd_, 0);
  if (mapped == MAP_FAILED) return Failed("map", path);
  slots->mapped_ = static_cast<char*>(mapped);

  Header& header = *reinterpret_cast<Header*>(slots->mapped_);
  const Header empty{};
  const bool is_new = std::memcmp(&header, &empty, sizeof header) == 0;
  if (!is_new && (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.version != kVersion ||
                  header.slots != kSlots)) {
    return Error{Code::FAILED_PRECONDITION,
                 path + " is not a file of this Parley's held cursors: move it away"};
  }
  if (is_new || std::memcmp(header.store_id, store_id.data(), store_id.size()) != 0) {
    slots->Clear();
    std::memcpy(header.store_id, store_id.data(), store_id.size());
    header.version = kVersion;
    header.slots = kSlots;
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    return slots;
  }
  for (size_t slot = kSlots; slot-- > 0;) {
    if (const Half* half = slots->Newest(slot)) {
      found.emplace_back(half->bytes, half->length);
    } else {
      slots->free_.push_back(slot);
    }
  }
  return slots;
}

HeldSlots::~HeldSlots() {
  if (mapped_ != nullptr) ::munmap(mapped_, kFileBytes);
  if (fd_ >= 0) ::close(fd_);
}

HeldSlots::Half& HeldSlots::HalfOf(size_t slot, size_t which) const {
  return *reinterpret_cast<Half*>(mapped_ + kHeaderBytes + (slot * 2 + which) * kHalfBytes);
}

HeldSlots::Half* HeldSlots::Newest(size_t slot) const {
  Half* newest = nullptr;
  for (size_t which = 0; which < 2; ++which) {
    Half& half = HalfOf(slot, which);
    if (half.IsRecord() && (newest == nullptr || half.number > newest->number)) newest = &half;
  }
  return newest;
}

void HeldSlots::Clear() {
  free_.clear();
  for (size_t slot = kSlots; slot-- > 0;) {
    for (size_t which = 0; which < 2; ++which) HalfOf(slot, which).number = 0;
    free_.push_back(slot);
  }
}

std::optional<size_t> HeldSlots::Take(std::string_view record) {
  if (free_.empty() || !Replace(free_.back(), record)) return std::nullopt;
  const size_t slot = free_.back();
  free_.pop_back();
  return slot;
}

bool HeldSlots::Replace(size_t slot, std::string_view record) {
  if (record.size() > kBytesMax) return false;
  const Half* present = Newest(slot);
  Half& half = HalfOf(slot, present == &HalfOf(slot, 0) ? 1 : 0);
  const uint64_t number = present == nullptr ? 1 : present->number + 1;
  half.number = 0;
  std::memcpy(half.bytes, record.data(), record.size());
  half.length = static_cast<uint32_t>(record.size());
  half.number = number;
  half.crc = half.Checksum();
  return true;
}

void HeldSlots::Free(size_t slot) {
  for (size_t which = 0; which < 2; ++which) HalfOf(slot, which).number = 0;
  free_.push_back(slot);
}

}  // namespace parley::log
