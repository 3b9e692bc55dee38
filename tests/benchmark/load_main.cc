#include <cstdio>
#include <vector>

#include "tests/benchmark/flow.h"
#include "tests/benchmark/load_options.h"
#include "tests/benchmark/probes.h"

namespace {

using namespace parley::benchmark;

void PrintList(const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) std::printf("%s%.3f", i == 0 ? "" : ",", values[i]);
}

void Flow(const LoadOptions& options) {
  const FlowResult result = RunFlow(options.flow, options.broker_pid);
  std::printf(
      R"({"published_per_s":%.1f,"delivered_per_s":%.1f,"acks_per_s":%.1f,"cpu_us":%.2f,"latency_ms":[)",
      result.published_per_s, result.delivered_per_s, result.acks_per_s, result.cpu_us_per_message);
  PrintList(result.latency_ms);
  std::printf("]}\n");
}

void Requests(const LoadOptions& options) {
  const std::vector<double> times = RunRequests({.port = options.flow.port,
                                                 .account = options.account,
                                                 .method = options.method,
                                                 .request = options.request,
                                                 .seconds = options.flow.seconds,
                                                 .send_topic = options.flow.send_topic});
  std::printf("{\"latency_ms\":[");
  PrintList(times);
  std::printf("]}\n");
}

void BigRoom(const LoadOptions& options) {
  const BigRoomResult result = RunBigRoom({.port = options.flow.port,
                                           .accounts = options.flow.accounts,
                                           .everybody = options.account,
                                           .members = options.count,
                                           .receive_topic = options.flow.receive_topic,
                                           .send_topic = options.flow.send_topic});
  std::printf("{\"fan_out_ms\":%.2f,\"longest_hold_ms\":%.2f}\n", result.fan_out_ms, result.longest_hold_ms);
}

}  // namespace

int main(int argc, char** argv) {
  const LoadOptions options = ParseLoadOptions(argc, argv);
  if (options.mode == "flow") {
    Flow(options);
  } else if (options.mode == "connects") {
    const double rate = RunConnects(options.flow.port, options.account, options.count, options.flow.seconds);
    std::printf("{\"connects_per_s\":%.1f}\n", rate);
  } else if (options.mode == "hold") {
    HoldConnections(options.flow.port, options.account, options.count);
  } else if (options.mode == "requests") {
    Requests(options);
  } else if (options.mode == "big-room") {
    BigRoom(options);
  } else {
    Die("unknown mode " + options.mode);
  }
  return 0;
}
