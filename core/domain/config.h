#pragma once

#include <cstdint>

#include "parley/internal/v1/state.pb.h"
#include "schemas/limits.h"

namespace parley::domain {

using internal::v1::ConfigRecord;

// What can change while the server runs, with the defaults of what no administrator has set.
struct Config {
  uint32_t max_draft_bytes = limits::kDraftBytesMax;  // of a payload; above: RESOURCE_EXHAUSTED
  uint32_t publishes_per_second = 10'000;  // messages and requests of one user; above: RESOURCE_EXHAUSTED
  uint32_t rooms_per_user = 10'000;  // that a user makes, joins or is added to; above: RESOURCE_EXHAUSTED
  uint32_t subscriptions_per_client = 2'000;  // above: the SUBSCRIBE is refused
};

inline Config ConfigOf(const ConfigRecord& record) {
  Config config;
  if (record.has_max_draft_bytes()) config.max_draft_bytes = record.max_draft_bytes();
  if (record.has_publishes_per_second()) config.publishes_per_second = record.publishes_per_second();
  if (record.has_rooms_per_user()) config.rooms_per_user = record.rooms_per_user();
  if (record.has_subscriptions_per_client()) {
    config.subscriptions_per_client = record.subscriptions_per_client();
  }
  return config;
}

}  // namespace parley::domain
