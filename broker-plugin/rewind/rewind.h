#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker-plugin/auth/sessions.h"
#include "broker-plugin/auth/worker_pool.h"
#include "broker-plugin/delivery/broker.h"
#include "broker-plugin/rewind/rewind_reader.h"
#include "core/domain/directory.h"

namespace parley::plugin {

// Rewind by subscription: each SUBSCRIBE to chat/v1/rooms/{room}/rewind/{n}/{pb,json} asks once for the last
// n stored events that this user may read. Rows are read on the worker pool, one rewind of a client at a
// time; each event is checked against the ACL view as it is when it is queued, by client id (a path that asks
// no READ), in slices. Broker thread only.
class Rewind {
 public:
  struct Parts {
    Broker& broker;
    const domain::Directory& view;
    Sessions& sessions;
    WorkerPool& pool;
    std::function<std::unique_ptr<store::StoreView>()> open;  // SharedView(); any thread
    std::function<void()> wake;                               // one more pass of the broker loop
  };
  explicit Rewind(Parts parts) : parts_(std::move(parts)) {}

  // A filter that names a rewind, well formed or not, also behind $share.
  static bool IsRewind(std::string_view filter);
  // True when the user may subscribe to it now: their room, a number from 1 to 1000, nothing shared or wild.
  bool MaySubscribe(std::string_view user, std::string_view filter) const;
  // The SUBSCRIBE of one that MaySubscribe() allows. `up_to`: Delivery::shown(). False when this client, or
  // all together, have asked for too much: refuse it.
  bool Start(const Session& session, std::string_view filter, int qos, LogIndex up_to);
  // Queues what is ready, as far as one pass goes.
  void Drain();

 private:
  static constexpr uint64_t kCountMax = 1000;
  // Publishes of one pass; more wait for the next.
  static constexpr size_t kPublishesPerPass = 256;
  // Rewinds that are being read or sent, each with up to a MiB; more wait.
  static constexpr size_t kActiveMax = 16;
  // Rewinds that wait; above: the SUBSCRIBE is refused.
  static constexpr size_t kWaitingMax = 4096;
  static constexpr size_t kWaitingPerClientMax = 64;

  struct Job {
    std::string client;
    std::string user;
    ClientHandle handle = nullptr;
    std::string room;
    RewindQuery query;
    int qos = 0;
    bool read = false;
    std::vector<RewindEvent> events{};
    size_t next = 0;
  };
  using JobHandle = std::shared_ptr<Job>;

  void Activate();
  void Read(const JobHandle& job);
  // True when the job is at its end.
  bool Send(Job& job, size_t& budget);
  bool MaySee(const Job& job, Seq seq) const;

  const Parts parts_;
  std::deque<JobHandle> waiting_;
  std::list<JobHandle> active_;
};

}  // namespace parley::plugin
