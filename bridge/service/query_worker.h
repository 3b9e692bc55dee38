#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "bridge/metrics/query_metrics.h"
#include "bridge/service/parked_replies.h"
#include "bridge/service/query_queue.h"
#include "bridge/service/registry.h"
#include "core/store/store_reader.h"
#include "parley/internal/v1/envelope.pb.h"

namespace parley::bridge {

// The reply to a request that is not run.
OutgoingReply RefusalOf(const Registry& registry, const internal::v1::RequestEnvelope& envelope,
                        const Error& error);

// Answers one request from the store.
OutgoingReply AnswerRequest(const Registry& registry, const internal::v1::RequestEnvelope& envelope,
                            store::StoreReader& reader);

// The thread that answers requests, one after the other.
class QueryWorker {
 public:
  // `on_reply` is called on the worker's thread, and on others by methods that answer later. References are
  // borrowed and outlive the worker.
  QueryWorker(const Registry& registry, store::StoreReader& reader, QueryMetrics& metrics,
              std::function<void(OutgoingReply)> on_reply);
  ~QueryWorker();  // Stop()
  QueryWorker(const QueryWorker&) = delete;
  QueryWorker& operator=(const QueryWorker&) = delete;

  // False when too much is waiting already. Any thread; never waits.
  bool Submit(internal::v1::RequestEnvelope envelope) { return queue_.Push(std::move(envelope)); }

  // Queries that wait. Any thread.
  size_t waiting() { return queue_.size(); }

  // Finishes the query that is running, drops the others. Idempotent.
  void Stop();

 private:
  // Where replies go that come later than the worker may live.
  struct Outlet {
    explicit Outlet(std::function<void(OutgoingReply)> reply) : on_reply(std::move(reply)) {}
    std::mutex mutex;
    std::function<void(OutgoingReply)> on_reply;  // guarded by mutex; empty: nobody waits any more
  };

  void Run();
  void AnswerLater(const Method& method, const WaitingQuery& query, store::StoreReader& reader);

  const Registry& registry_;
  store::StoreReader& reader_;
  QueryMetrics& metrics_;
  const std::function<void(OutgoingReply)> on_reply_;
  const std::shared_ptr<Outlet> outlet_;
  QueryQueue queue_;
  std::thread thread_;
};

}  // namespace parley::bridge
