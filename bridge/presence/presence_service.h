#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bridge/presence/presence_model.h"
#include "bridge/presence/session_table.h"
#include "core/store/local_store.h"
#include "core/store/store_reader.h"
#include "schemas/result.h"

namespace parley::bridge {

// Figures of presence.
struct PresenceStatus {
  bool complete = false;      // who is connected is known
  size_t persons_online = 0;  // the invisible and those in their grace, too
  size_t persons_known = 0;
  size_t rooms = 0;  // in which somebody was seen
  size_t sessions = 0;
  uint64_t publishes = 0;  // of people and rooms, in both encodings as one
  uint64_t notices = 0;    // of the plugin
  uint64_t gaps = 0;       // notices that were missed
  size_t in_flight = 0;    // publishes that the broker has not answered
};

// A room, or people in it, that changed by the entry `index` of the log.
struct MembershipNews {
  Rid rid;
  std::string room;  // "": perhaps it is no more
  std::vector<std::string> users;
  LogIndex index;
};

// Presence, put together: a thread that reads memberships, keeps rows and publishes what the model
// (presence_model.h) finds due. What is read of the store leaves only once it is on disk.
class PresenceService {
 public:
  struct Parts {
    store::StoreReader& reader;
    store::LocalStore& local;
    // Publishes a retained message, QoS 1; `done` is called once with the broker's answer, or not at all when
    // this returns an error. Any thread.
    std::function<Status(const std::string& topic, const std::string& payload,
                         std::function<void(const Status&)> done)>
        publish;
    std::function<void()> ask_sessions;           // for the list of all sessions; on its own thread
    std::function<void(const std::string&)> log;  // any thread
  };

  PresenceService(Parts parts, int64_t grace_ms);
  ~PresenceService();  // Stop()
  PresenceService(const PresenceService&) = delete;
  PresenceService& operator=(const PresenceService&) = delete;

  // Reads what was kept, and starts. The error is one line for the operator.
  Status Start();
  // Idempotent. What is due stays due: the next start finds it.
  void Stop();

  // Of the connection to the broker.
  // True: something was missed; ask for the list of sessions again.
  bool OnNotice(const std::string& payload);
  void OnCommitted(LogIndex committed);
  void OnLinkLost();
  // Of the change feed.
  void OnNews(MembershipNews news);

  // Of the requests' thread. UNAVAILABLE until it is known who is connected, and when nothing can be kept.
  // As the person sees it.
  Result<v1::Presence> Set(const std::string& user, std::optional<v1::Presence::State> state,
                           const std::optional<std::string>& status_text);
  Result<v1::Presence> Get(const std::string& user, bool own) const;
  Result<v1::RoomPresence> GetRoom(Rid rid, const std::string& room, bool big) const;

  // Where somebody is, the invisible, too. nullopt: it is not known yet who is connected. Any thread.
  struct Seen {
    bool connected = false;
    int64_t leaving_ms = 0;  // > 0: the last session has gone; so long it may come back unseen
    v1::Presence::State chosen = v1::Presence::ONLINE;
  };
  std::optional<Seen> Find(const std::string& user) const;

  // As of PresenceModel. Any thread.
  std::vector<LostPerson> LostAfter(uint64_t number) const;
  uint64_t newest_lost() const;

  PresenceStatus status() const;

 private:
  // What one step reads together.
  struct Work {
    struct Check {
      std::string user;
      uint64_t uid;
      bool here;
    };
    std::vector<MembershipNews> news;
    std::vector<std::string> to_read;
    std::vector<Check> to_check;
    std::vector<RoomOfPerson> to_measure;
    LogIndex needs;
    bool empty() const { return news.empty() && to_read.empty() && to_check.empty() && to_measure.empty(); }
  };
  using Finding = std::function<void(PresenceModel&, const PresenceTime&)>;
  struct InFlight {
    PresencePublication publication;
    int unanswered = 2;  // the encodings
    bool ok = true;
  };

  static PresenceTime Now();

  // Of the presence thread.
  void Run();
  void Step();
  void Supervise(const PresenceTime& time);
  void Read();
  bool IsTimeToCheck(const PresenceTime& time);  // under mutex_
  Work TakeWork(const PresenceTime& time);
  void ReturnWork(Work work);
  Status ReadStore(const store::StoreView& view, const Work& work, std::vector<Finding>& findings) const;
  Status ReadNews(const store::StoreView& view, const MembershipNews& news,
                  std::vector<Finding>& findings) const;
  bool WaitCommitted(LogIndex index);
  void SweepStore();
  std::optional<std::vector<PresencePublication>> TakeDueAndKeep();
  void Publish(PresencePublication publication);

  void Answered(uint64_t id, const Status& status);

  const Parts parts_;

  mutable std::mutex keep_mutex_;  // rows are written in the order in which they were taken; before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  PresenceModel model_;
  SessionTable table_;
  LogIndex committed_;
  std::deque<MembershipNews> news_;
  std::map<uint64_t, InFlight> in_flight_;  // by number
  uint64_t next_in_flight_ = 0;
  uint64_t gone_ms_ = 0;  // when those left who were online by what was kept
  bool linked_ = false;   // something was heard in this connection
  std::optional<int64_t> ask_again_ms_;
  PresenceStatus status_;
  bool stopping_ = false;

  // Of the presence thread.
  int64_t next_check_ms_ = 0;
  LogIndex looked_at_;      // committed_ when the last check was due
  int64_t checked_ms_ = 0;  // the last check
  int64_t next_alive_ms_ = 0;
  bool quiet_ = false;  // a failure to keep or read has been logged
  // Nothing was kept here, so anything may be retained: it is taken back, user by user and room by room.
  bool fresh_ = false;
  std::string swept_user_;
  std::string swept_room_;
  bool users_swept_ = false;

  std::thread thread_;
};

}  // namespace parley::bridge
