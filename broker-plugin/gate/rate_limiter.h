#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace parley::plugin {

// How many publishes each user may make: a bucket that holds one second's worth and fills evenly. Broker
// thread.
class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // True when `user` may publish once more at `now`, by a limit of `per_second`.
  bool Take(std::string_view user, uint32_t per_second, Clock::time_point now) {
    if (buckets_.size() >= kBucketsMax && !buckets_.contains(user)) Forget(now);
    auto found = buckets_.find(user);
    if (found == buckets_.end()) {
      found = buckets_.emplace(std::string(user), Bucket{static_cast<double>(per_second), now}).first;
    }
    Bucket& bucket = found->second;
    const double passed = std::chrono::duration<double>(now - bucket.at).count();
    bucket.tokens = std::min<double>(per_second, bucket.tokens + passed * per_second);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

 private:
  static constexpr size_t kBucketsMax = 100'000;

  struct Bucket {
    double tokens;
    Clock::time_point at;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  // After a second of silence a bucket is full: as good as none.
  void Forget(Clock::time_point now) {
    std::erase_if(buckets_,
                  [now](const auto& entry) { return now - entry.second.at >= std::chrono::seconds(1); });
  }

  std::unordered_map<std::string, Bucket, Hash, std::equal_to<>> buckets_;
};

}  // namespace parley::plugin
