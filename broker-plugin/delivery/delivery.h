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
#include "parley/internal/v1/envelope.pb.h"
#include "parley/v1/message.pb.h"
#include "parley/v1/request.pb.h"
#include "schemas/code_counts.h"

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
    std::function<void()> routed;  // the burst in front of a barrier has been routed
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
  // Sends to a room's topic what is not in the log. Returns the number of the barrier that follows it.
  uint64_t PublishPassing(const std::string& topic, std::string_view payload);
  // True when everything in front of this barrier has been routed. Without the doorbell nobody knows: false.
  bool IsRouted(uint64_t barrier) const { return doorbell_present_ && barriers_asked_ >= barrier; }
  bool doorbell_present() const { return doorbell_present_; }
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

  // The plugin's numbers, to the bridge.
  void PublishStats(const internal::v1::MetricsNotice& notice);

  // What was done since the start.
  struct Counts {
    uint64_t commands = 0;  // that have gone out
    uint64_t events = 0;    // publishes, by what they carry
    uint64_t acks = 0;
    uint64_t replies = 0;
    CodeCounts refusals;  // acks of the log that say no
  };
  const Counts& counts() const { return counts_; }

 private:
  // Batches of which the memory is kept for the log's thread to free; of more it is freed here.
  static constexpr size_t kSpentMax = 8;

  // Publishes of one pass; more wait for the next, so that other clients are served in between.
  static constexpr size_t kPublishesPerPass = 512;

  // How far the applied command has come that is on its way out.
  struct Progress {
    bool changed = false;  // the view has its changes
    size_t event = 0;      // the event that is being published
    bool started = false;  // of that event: the room's topic is done, the next two are set
    std::string json{};    // "" = nobody wants it
    std::vector<std::string> recipients{};
    size_t recipient = 0;
    size_t inbox_item = 0;  // that is published next
  };

  void TakeCommitted();
  bool HasOutgoing() const { return !outgoing_.empty(); }
  // Delivers the command that is on its way out. False: it must wait (for a barrier, or for the next pass).
  bool Deliver(const domain::Applied& applied);
  bool ChangeView(const domain::Applied& applied);
  bool DeliverEvents(const domain::Applied& applied);
  bool DeliverInbox(const domain::Applied& applied);
  void StartEvent(const domain::NewEvent& event);
  // On to the next command.
  void Advance();
  // One event to one user's own topic, in the encodings that somebody takes. `json` is made when it is empty.
  void PublishToUser(const std::string& user, const std::string& pb, std::string& json, int qos);
  void PublishToRoom(const std::string& room, const std::string& pb, std::string& json, int qos);
  // Readers of the room whose own topic somebody takes.
  std::vector<std::string> RecipientsOf(std::string_view room) const;
  void Publish(const std::string& topic, std::string_view payload, int qos,
               std::string_view correlation_data = {});
  bool ViewMayChange() const;
  void PublishBarrier();
  void PublishCommitNotice();
  // The JSON twin of a serialised event; made once, when it is wanted first.
  const std::string& JsonOf(const std::string& pb, std::string& json);

  Broker& broker_;
  domain::Directory& view_;
  Sessions& sessions_;
  const Hooks hooks_;

  mutable std::mutex mutex_;                  // held for a swap only
  std::vector<log::CommittedBatch> arrived_;  // guarded by mutex_
  // Delivered; the log's thread, which has allocated most of it, frees it with the next commit. Guarded by
  // mutex_.
  std::vector<log::CommittedBatch> spent_;
  std::optional<Error> failure_;  // guarded by mutex_
  std::condition_variable changed_;

  std::vector<log::CommittedBatch> delivered_;  // on their way to spent_
  v1::Event event_;                             // for JSON; used again, with what it holds allocated
  std::deque<log::CommittedBatch> outgoing_;    // none is empty
  size_t next_ = 0;                             // of the first batch: the command that is on its way out
  Progress progress_;                           // of that command
  LogIndex committed_;
  uint64_t committed_ms_ = 0;  // when that was on disk
  LogIndex noticed_;
  size_t budget_ = kPublishesPerPass;
  bool doorbell_present_ = false;
  bool bridge_present_ = false;
  bool published_ = false;  // since the last barrier
  uint64_t barriers_sent_ = 0;
  uint64_t barriers_asked_ = 0;
  int ticks_since_publish_ = 2;
  Counts counts_;
};

}  // namespace parley::plugin
