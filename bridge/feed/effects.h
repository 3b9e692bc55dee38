#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/store/local_store.h"
#include "schemas/result.h"

namespace parley::bridge {

// A message to publish, never retained.
struct FeedPublication {
  std::string topic;
  std::string payload;
  int qos = 0;
};

// What a consumer wants done about a run of entries, carried out as a whole. A value of one thread.
class FeedEffects {
 public:
  // The consumer's rows in the bridge's own store have keys that start with `prefix`. References are
  // borrowed.
  FeedEffects(const store::LocalStore& store, std::string prefix)
      : store_(store), prefix_(std::move(prefix)) {}
  // A part of `whole`, which must outlive it: reads through it, and is nothing until Keep().
  explicit FeedEffects(FeedEffects* whole) : store_(whole->store_), prefix_(whole->prefix_), whole_(whole) {}

  // A row of the consumer's own: as this run has left it so far, else as it is stored.
  Result<std::optional<std::string>> Get(const std::string& key) const;
  void Put(const std::string& key, std::string value) { rows_[key] = std::move(value); }
  void Delete(const std::string& key) { rows_[key] = std::nullopt; }

  // Publishes. Of several with one `key` in a run only the newest goes out; "": always.
  void Publish(FeedPublication publication, const std::string& key = {});

  // The end of a part that went well: it belongs to the whole now.
  void Keep();

  // The changes of the rows, under their whole keys.
  void AddTo(store::LocalBatch& batch) const;
  const std::vector<FeedPublication>& publications() const { return publications_; }
  bool empty() const { return size() == 0; }
  size_t size() const { return rows_.size() + publications_.size(); }

 private:
  const store::LocalStore& store_;
  const std::string prefix_;
  FeedEffects* const whole_ = nullptr;
  std::map<std::string, std::optional<std::string>> rows_;
  std::vector<FeedPublication> publications_;
  std::vector<std::string> keys_;  // of publications_, by place
  std::unordered_map<std::string, size_t> place_of_key_;
};

}  // namespace parley::bridge
