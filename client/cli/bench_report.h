#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/latency.h"

namespace parley::client {

// What one run of `parley bench` has measured.
struct BenchResult {
  double seconds = 0;  // from the first message to the last ack
  uint64_t sent = 0;
  uint64_t acked = 0;
  uint64_t refused = 0;    // by an ack with an error code
  uint64_t no_ack = 0;     // stored or not
  uint64_t delivered = 0;  // of the messages of this run, to all subscribers
  uint64_t missing = 0;    // acked and not delivered in time
  std::string first_error;
  LatencyHistogram ack;
  LatencyHistogram delivery;
};

// A table for a person; one JSON object. Latencies in milliseconds. Pure.
std::vector<std::string> RenderBench(const BenchResult& result);
std::string BenchJson(const BenchResult& result);

}  // namespace parley::client
