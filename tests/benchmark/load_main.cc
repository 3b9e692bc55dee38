#include <cstdio>

#include "tests/benchmark/flow.h"
#include "tests/benchmark/load_options.h"

int main(int argc, char** argv) {
  const parley::benchmark::LoadOptions options = parley::benchmark::ParseLoadOptions(argc, argv);
  const parley::benchmark::FlowResult result = parley::benchmark::RunFlow(options.flow, options.broker_pid);
  std::printf(
      R"({"published_per_s":%.1f,"delivered_per_s":%.1f,"acks_per_s":%.1f,"cpu_us":%.2f,"latency_ms":[)",
      result.published_per_s, result.delivered_per_s, result.acks_per_s, result.cpu_us_per_message);
  for (size_t i = 0; i < result.latency_ms.size(); ++i) {
    std::printf("%s%.3f", i == 0 ? "" : ",", result.latency_ms[i]);
  }
  std::printf("]}\n");
  return 0;
}
