#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/delivery/broker.h"
#include "core/domain/state_machine.h"
#include "core/log/commit_log.h"
#include "parley/v1/request.pb.h"

namespace parley::plugin {

// Where the reply to a request goes.
struct ReplyAddress {
  std::string topic;
  std::string correlation_data;  // empty = none
};

// The last step of a message's life: what the log has committed updates the ACL view and goes out to
// subscribers, in log order.
//
// A publish is only queued by the broker and checked against the view at the top of its next loop pass. So
// behind what was published comes a barrier (a publish to an internal topic, whose READ question says that
// all before it have been routed), and a change of the view waits until the barrier has been asked.
//
// Broker thread, except OnCommitted and OnFailed (commit thread).
class Delivery final : public log::LogListener {
 public:
  struct Hooks {
    std::function<void()> ring;                              // wake the broker loop; any thread
    std::function<void(const domain::Applied&)> answered;    // a command with an origin token
    std::function<void(const domain::Change&)> will_change;  // before the view changes
    std::function<void(LogIndex)> released;                  // everything up to here has been seen
  };
  Delivery(Broker& broker, domain::Directory& view, Sessions& sessions, Hooks hooks, LogIndex committed);

  // Commit thread.
  void OnCommitted(log::CommittedBatch batch) override;
  void OnFailed(const Error& reason) override;

  // Delivers what has been committed, as far as one pass goes; by doorbell and by tick.
  void Drain();
  // Before the broker serves: waits until the log has committed `index` and drains it. False after `timeout`.
  bool DrainUntil(LogIndex index, std::chrono::milliseconds timeout);
  // One loop pass is over.
  void OnTick();
  // The broker asked whether the doorbell may read barrier `payload`.
  void OnBarrierAsked(std::string_view payload);
  // The doorbell client can (not) be asked for barriers now.
  void SetDoorbell(bool present);
  void SetBridge(bool present);
  bool bridge_present() const { return bridge_present_; }

  // Sends an event live that is not in the log (QoS 0), by the view as it is.
  void PublishLive(const v1::Event& event);
  // `correlation_data`: of the message that is answered (MQTT 5), empty = none.
  void PublishAck(const std::string& client, Encoding encoding, const v1::Ack& ack,
                  std::string_view correlation_data);
  // `payload`: a serialised reply, in the encoding that was asked for.
  void PublishReply(const ReplyAddress& address, std::string_view payload);
  void PublishRequest(const std::string& envelope);

  // Everything up to here is on disk and visible in the view.
  LogIndex committed() const { return committed_; }
  // The newest index whose events have gone out, at least in part: who subscribes now may have missed them.
  LogIndex shown() const;
  // The log has failed; nothing more will be committed.
  std::optional<Error> failure() const;

 private:
  // Publishes of one pass; more wait for the next, so that other clients are served in between.
  static constexpr size_t kPublishesPerPass = 512;

  // An applied command on its way out. Made on the commit thread, so that the broker thread encodes nothing.
  struct Outgoing {
    domain::Applied applied;
    std::vector<std::string> json{};  // of each event
    bool changed = false;             // the view has its changes
    size_t event = 0;                 // the event that is being published
    bool started = false;             // of that event: the room's topic is done, `recipients` is set
    std::vector<std::string> recipients{};
    size_t recipient = 0;
  };

  void TakeCommitted();
  // False: the item must wait (for a barrier, or for the next pass).
  bool Deliver(Outgoing& item);
  bool ChangeView(Outgoing& item);
  bool DeliverEvents(Outgoing& item);
  void StartEvent(Outgoing& item, const domain::NewEvent& event);
  void PublishToUser(const std::string& user, const std::string& pb, const std::string& json);
  std::vector<std::string> RecipientsOf(std::string_view room) const;
  void Publish(const std::string& topic, std::string_view payload, int qos,
               std::string_view correlation_data = {});
  bool ViewMayChange() const;
  void PublishBarrier();
  void PublishCommitNotice();

  Broker& broker_;
  domain::Directory& view_;
  Sessions& sessions_;
  const Hooks hooks_;

  mutable std::mutex mutex_;       // held for a swap only
  std::vector<Outgoing> arrived_;  // guarded by mutex_
  std::optional<Error> failure_;   // guarded by mutex_
  std::condition_variable changed_;

  std::deque<Outgoing> outgoing_;
  LogIndex committed_;
  LogIndex noticed_;
  size_t budget_ = kPublishesPerPass;
  bool doorbell_present_ = false;
  bool bridge_present_ = false;
  bool published_ = false;  // since the last barrier
  uint64_t barriers_sent_ = 0;
  uint64_t barriers_asked_ = 0;
  int ticks_since_publish_ = 2;
};

}  // namespace parley::plugin
