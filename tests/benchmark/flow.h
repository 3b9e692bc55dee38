#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::benchmark {

// Publishers, subscribers and rooms: publisher i sends to room i modulo rooms, subscriber j listens to room j
// modulo rooms. "{room}", "{client}" in a topic, "{id}", "{text}" in a payload are filled in.
struct FlowOptions {
  uint16_t port = 0;
  int publishers = 10;
  int subscribers = 10;
  int rooms = 10;
  std::string send_topic;
  std::string receive_topic;
  std::string ack_topic;  // subscribed to by each publisher; "" = none
  std::string payload;
  int text_bytes = 128;
  bool accounts = false;  // log in as {p|s}{number} with the password of the same name
  int qos = 1;
  double warmup_s = 0.5;
  double seconds = 3;
  double rate = 0;             // messages a second over all publishers; 0 = as many as the windows allow
  int window = 100;            // PUBLISH without PUBACK, of one publisher
  int undelivered_max = 1000;  // messages of one room that not all of its subscribers have yet
};

struct FlowResult {
  double published_per_s = 0;
  double delivered_per_s = 0;  // to all subscribers
  double acks_per_s = 0;
  double cpu_us_per_message = 0;   // of the process `pid`
  std::vector<double> latency_ms;  // p50, p90, p99, p99.9, max: publish → delivery
};

FlowResult RunFlow(const FlowOptions& options, int broker_pid);

}  // namespace parley::benchmark
