#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridge/push/collapse_index.h"
#include "bridge/push/decider.h"
#include "bridge/push/outbox.h"
#include "bridge/push/push_rows.h"
#include "schemas/result.h"

namespace parley::bridge {

// Finds what is due in one provider's part of the outbox. Goes on where it stopped, so that it need not pass
// what is gone over and over; what it gave is to be moved or deleted, or else it is to read anew. One thread.
class OutboxReader {
 public:
  OutboxReader(const PushOutbox& outbox, v1::Push::Provider provider)
      : outbox_(outbox), provider_(provider) {}

  enum class Which {
    kAll,  // deferred ones whose time has come first, by half at most when there are others
    kNew,  // not looked at before
    kDeferred,
  };
  // In the order in which they are to be decided about. As of LocalStore; rows that are damaged are left out.
  Result<std::vector<OutboxItem>> Find(Which which, int64_t wall_ms, size_t count_max);
  // From the beginning.
  void ReadAnew();
  // When the first deferred one is due that was not due last time (wall clock, ms).
  std::optional<int64_t> next_due_ms() const { return next_due_ms_; }

 private:
  Status FindDeferred(int64_t wall_ms, size_t count_max, std::vector<OutboxItem>& found);
  Status FindNew(size_t count_max, std::vector<OutboxItem>& found);

  const PushOutbox& outbox_;
  const v1::Push::Provider provider_;
  std::map<uint32_t, std::string> new_up_to_;  // keys, by priority
  std::string deferred_up_to_;
  std::optional<int64_t> next_due_ms_;
};

// After a start: what had begun to go out has no answer and will have none. What only waited for a connection
// is due again, as long as the machine has not been restarted since (`boot`; the mark that it has begun
// outlives the process, not a power cut). Then the deferred ones are learned by heart.
Status RecoverSending(PushOutbox& outbox, v1::Push::Provider provider, const std::string& boot,
                      int64_t wall_ms);
Status LoadDeferred(const PushOutbox& outbox, v1::Push::Provider provider, CollapseIndex& deferred);
// What waits for a provider that this server cannot reach (any more).
Status GiveUpAll(PushOutbox& outbox, v1::Push::Provider provider, const std::string& boot, int64_t wall_ms);
// Notifications that wait, as far as kPushWaitingCountedMax; what cannot be read is not counted.
size_t CountWaiting(const PushOutbox& outbox, v1::Push::Provider provider);

}  // namespace parley::bridge
