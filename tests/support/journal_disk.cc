#include "tests/support/journal_disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace parley::testing {
namespace {

constexpr size_t kPage = 4096;

}  // namespace

std::string JournalDisk::Now() const {
  std::ifstream file(path_, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void JournalDisk::Synced(size_t from, size_t size) {
  const std::string now = Now();
  disk_.resize(std::max(disk_.size(), now.size()));
  const size_t end = std::min(now.size(), from + size);
  if (from < end) disk_.replace(from, end - from, now, from, end - from);
}

void JournalDisk::WriteBack(Random& random) {
  const std::string now = Now();
  disk_.resize(std::max(disk_.size(), now.size()));
  for (size_t page = 0; page < now.size(); page += kPage) {
    if (random.OneIn(2)) disk_.replace(page, kPage, now, page, kPage);
  }
}

void JournalDisk::PowerOn(Random& random) {
  const uint64_t kind = random.Below(8);
  std::error_code ignored;
  if (kind == 0) {  // on a memory file system
    std::filesystem::remove(path_, ignored);
    disk_.clear();
    return;
  }
  if (kind < 4) WriteBack(random);                                       // some pages just made it
  if (kind == 4) Synced(0, std::filesystem::file_size(path_, ignored));  // all of them
  disk_.resize(Now().size());
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary) << disk_;
}

}  // namespace parley::testing
