#include "bridge/service/patient_reader.h"

#include <chrono>
#include <thread>

#include "bridge/service/limits.h"

namespace parley::bridge {

Result<std::unique_ptr<store::StoreView>> PatientReader::View(LogIndex at_least) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(limits::kViewWaitMs);
  while (true) {
    Result<std::unique_ptr<store::StoreView>> view = reader_.View(at_least);
    if (view || view.error().code != Code::UNAVAILABLE) return view;
    if (std::chrono::steady_clock::now() >= deadline) return view;
    std::this_thread::sleep_for(std::chrono::milliseconds(limits::kViewRetryMs));
  }
}

}  // namespace parley::bridge
