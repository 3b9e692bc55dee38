#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bridge/feed/effects.h"
#include "core/store/feed_rows.h"
#include "core/store/store_reader.h"

namespace parley::bridge {

// When: by a clock that only goes forward, and by the wall's.
struct FeedTime {
  int64_t steady_ms = 0;
  int64_t wall_ms = 0;
};

// What a consumer may look at besides its entry. The view can be newer than the entry.
struct FeedContext {
  const store::StoreView& view;
  FeedTime now;
};

// What came of an entry.
struct Handled {
  enum class Kind {
    kDone,
    kWait,      // not the entry's fault (no connection, a full disk): tried again for ever
    kTryAgain,  // tried again a few times, then it is a dead letter
    kPoison,    // no use in trying again: a dead letter at once
  };
  Kind kind = Kind::kDone;
  std::string reason;  // one line for an administrator

  static Handled Done() { return {}; }
  static Handled Wait(std::string reason) { return {Kind::kWait, std::move(reason)}; }
  static Handled TryAgain(std::string reason) { return {Kind::kTryAgain, std::move(reason)}; }
  static Handled Poison(std::string reason) { return {Kind::kPoison, std::move(reason)}; }
};

// Follows the change feed. It decides; what it wants done it puts into `effects`, which the feed carries out
// when all that was read is on disk: what goes into its own rows exactly once, what is published at least
// once. So it keeps nothing in memory that must not be lost or seen twice. Called by one thread at a time,
// with every entry at least once, in order of index (dead letters that are replayed: later).
// Guarantees and how to add one: docs/feed.md.
class FeedConsumer {
 public:
  // Where one begins that has no offset, or whose store is another one now.
  enum class Begin { kFirstEntry, kHead };

  virtual ~FeedConsumer() = default;

  // [a-z0-9-]{1,32}; part of stored keys, so never changed.
  virtual std::string_view name() const = 0;
  virtual Begin begin() const = 0;

  // True: by this view there is nothing that it would do about any entry that the view contains (nobody has
  // asked for what it does). Then it is done with all of them, unread.
  virtual Result<bool> IsIdle(const store::StoreView& /*view*/) { return false; }

  // `entry` is not damaged. What it names and what is gone is no error: skip it.
  virtual Handled Handle(const store::FeedEntry& entry, const FeedContext& context, FeedEffects& effects) = 0;

  // What the last calls have put into their effects is done and stored.
  virtual void OnCarriedOut() {}
  // The store is another one, or an older one: the consumer's rows are about to be dropped.
  virtual void OnBeginAnew() {}

  // When OnDue() is to be called (steady clock), if at all: work that waits for time, not for an entry.
  virtual std::optional<int64_t> due_ms() const { return std::nullopt; }
  // Anything but kDone is tried again later; due_ms() should still say so.
  virtual Handled OnDue(const FeedContext& /*context*/, FeedEffects& /*effects*/) { return Handled::Done(); }
};

}  // namespace parley::bridge
