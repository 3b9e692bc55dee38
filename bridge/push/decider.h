#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bridge/providers/provider.h"
#include "bridge/push/collapse_index.h"
#include "bridge/push/connectedness.h"
#include "bridge/push/facts.h"
#include "bridge/push/notification.h"
#include "bridge/push/outbox.h"
#include "bridge/push/push_counters.h"
#include "bridge/push/push_rows.h"
#include "bridge/push/time_zone.h"
#include "core/store/store_reader.h"

namespace parley::bridge {

// An item of the outbox, and the key of its row.
struct OutboxItem {
  std::string key;
  PushItem item;
};

// What is to become of a run of items.
struct PushPlan {
  struct Ready {
    OutboxItem found;
    PushNotification notification;
    PushDeviceRecord device;
  };
  PushBatch batch;           // all but what is ready
  std::vector<Ready> ready;  // to be marked and sent
  bool unknown = false;      // some stay where they are: it is not known yet who is connected
};

// A registration that a provider has called dead: user, device number, log index of the registration.
using DeadRegistrations = std::set<std::tuple<Uid, uint32_t, uint64_t>>;

// Decides about items that are due, by one view of the store. As short-lived as the view; one thread.
class PushDecider {
 public:
  struct Parts {
    const store::StoreView& view;
    const PushOutbox& outbox;
    const Connectedness& connectedness;
    const DeadRegistrations& dead;
    TimeZones& zones;
    CollapseIndex& deferred;  // follows the plan at once
    PushCounters& counters;
    int64_t now_ms;  // wall clock
  };

  explicit PushDecider(Parts parts) : parts_(parts), maker_(parts.view) {}

  // Adds to the plan. An error, as of StoreView and LocalStore: the plan is worth nothing.
  Status Decide(const OutboxItem& found, PushPlan& plan);

  // Puts an item off without asking the policy: the provider takes nothing now.
  void Park(const OutboxItem& found, PushPlan& plan);

 private:
  Status DecideWithdrawal(const OutboxItem& found, const PushDeviceRecord& device, PushPlan& plan);
  void Defer(const OutboxItem& found, v1::Push::Reason reason, int64_t not_before_ms, PushPlan& plan);
  void Drop(const OutboxItem& found, PushPlan& plan);
  void Suppress(const OutboxItem& found, v1::Push::Reason reason, PushPlan& plan);
  void CollapseOlder(const OutboxItem& found, PushPlan& plan);

  // The device, if it is still that registration, and of this provider; nullptr.
  Result<const PushDeviceRecord*> DeviceOf(const PushItem& item);
  // nullptr: it is no more.
  Result<const ToldMessage*> MessageOf(const PushItem& item);
  Result<bool> IsUserThere(const PushItem& item);

  const Parts parts_;
  NotificationMaker maker_;
  std::map<uint64_t, domain::PushRecord> records_;
  std::map<std::pair<uint64_t, uint64_t>, std::optional<ToldMessage>> messages_;
};

}  // namespace parley::bridge
