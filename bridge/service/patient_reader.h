#pragma once

#include <memory>

#include "core/store/store_reader.h"

namespace parley::bridge {

// A reader that asks another one again for a moment (kViewWaitMs) when it says UNAVAILABLE: the store may be
// opened anew, or what is on disk may not be in sight yet. Blocks its caller: for the worker only.
class PatientReader final : public store::StoreReader {
 public:
  explicit PatientReader(store::StoreReader& reader) : reader_(reader) {}

  Result<std::unique_ptr<store::StoreView>> View(LogIndex at_least) override;

 private:
  store::StoreReader& reader_;
};

}  // namespace parley::bridge
