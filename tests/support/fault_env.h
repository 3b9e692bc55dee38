#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/system_clock.h>

#include "tests/support/fault_file_system.h"

namespace parley::testing {

// RocksDB sleeps a second in the background after an error, before it tries again or closes. Here: a
// millisecond.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
 public:
  ImpatientClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "ImpatientClock"; }
  void SleepForMicroseconds(int us) override { target_->SleepForMicroseconds(std::min(us, 1000)); }
};

// The environment of a store on such a disk, with that clock.
class FaultEnv final : public rocksdb::EnvWrapper {
 public:
  explicit FaultEnv(std::shared_ptr<FaultFileSystem> disk) : FaultEnv(rocksdb::NewCompositeEnv(disk), disk) {}

 private:
  FaultEnv(std::unique_ptr<rocksdb::Env> real, std::shared_ptr<FaultFileSystem> disk)
      : EnvWrapper(real.get()), real_(std::move(real)) {
    file_system_ = std::move(disk);
    system_clock_ = std::make_shared<ImpatientClock>();
  }

  const std::unique_ptr<rocksdb::Env> real_;
};

}  // namespace parley::testing
