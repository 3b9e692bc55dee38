#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/benchmark/connection.h"

namespace parley::benchmark {

// p50, p90, p99, p99.9 and the most of what was measured; empty for nothing. Sorts `values_ns`; the result is
// in ms.
std::vector<double> Percentiles(std::vector<uint64_t>& values_ns);

// Connects and disconnects with the given account, `parallel` at a time; returns connections a second.
double RunConnects(uint16_t port, const Account& account, int parallel, double seconds);

// Opens `count` connections ({client}{number}), prints "ready" and holds them until standard input ends.
void HoldConnections(uint16_t port, const Account& account, int count);

struct RequestOptions {
  uint16_t port = 0;
  Account account;
  std::string method;
  std::string request;  // JSON without requestId
  double seconds = 3;
  // Not empty: before each request a message is sent here, and the request leaves when its ack comes.
  std::string send_topic;
};
// Milliseconds from request to reply.
std::vector<double> RunRequests(const RequestOptions& options);

struct BigRoomOptions {
  uint16_t port = 0;
  bool accounts = false;  // log in as s{number}, the sender as s0; else all as `everybody`
  Account everybody{};
  int members = 10'000;
  std::string receive_topic;  // {client} is the member's name
  std::string send_topic;
  int messages = 5;
};
struct BigRoomResult {
  double fan_out_ms = 0;  // median: from the publish to the last delivery
  double longest_hold_ms =
      0;  // the longest that another client had to wait for an answer to its PING meanwhile
};
BigRoomResult RunBigRoom(const BigRoomOptions& options);

}  // namespace parley::benchmark
