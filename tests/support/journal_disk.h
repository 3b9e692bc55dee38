#pragma once

#include <string>

#include "tests/support/seed.h"

namespace parley::testing {

// What of the intake journal's file is on disk, page by page, while the process maps it. The kernel writes
// pages back when it likes; a power cut leaves any mixture of then and now.
class JournalDisk {
 public:
  explicit JournalDisk(std::string path) : path_(std::move(path)) {}

  // The kernel writes some pages back.
  void WriteBack(Random& random);
  // msync of the bytes [from, from + size) of the file has returned.
  void Synced(size_t from, size_t size);
  // After the process is gone: the file becomes what a power cut leaves of it.
  void PowerOn(Random& random);

 private:
  std::string Now() const;

  const std::string path_;
  std::string disk_;  // as long as the file ever was
};

}  // namespace parley::testing
