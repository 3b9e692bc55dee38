#include "client/cli/bench_report.h"

#include <array>
#include <cstdio>

#include "client/cli/render_json.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<const char*, double>, 4> kShares = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double Milliseconds(uint64_t microseconds) {
  return static_cast<double>(microseconds) / 1'000.0;
}

double PerSecond(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string Number(const char* format, double number) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), format, number);
  return {text.data(), static_cast<size_t>(length > 0 ? length : 0)};
}

std::string Latencies(const char* name, const LatencyHistogram& histogram) {
  std::string line = name;
  if (histogram.count() == 0) return line + "-";
  for (const auto& [share_name, share] : kShares) {
    line += std::string(share_name) + " " + Number("%.2f", Milliseconds(histogram.Percentile(share))) + "  ";
  }
  return line + "max " + Number("%.2f", Milliseconds(histogram.max())) + " ms";
}

Json LatencyJson(const LatencyHistogram& histogram) {
  Json json = {{"count", histogram.count()}};
  for (const auto& [name, share] : kShares) json[name] = Milliseconds(histogram.Percentile(share));
  json["max"] = Milliseconds(histogram.max());
  return json;
}

}  // namespace

std::vector<std::string> RenderBench(const BenchResult& result) {
  std::vector<std::string> lines = {
      "acknowledged  " + std::to_string(result.acked) + " in " + Number("%.2f", result.seconds) +
          " s: " + Number("%.0f", PerSecond(result.acked, result.seconds)) + " a second, each on the disk",
      "delivered     " + std::to_string(result.delivered) + ": " +
          Number("%.0f", PerSecond(result.delivered, result.seconds)) + " a second",
      Latencies("ack           ", result.ack), Latencies("delivery      ", result.delivery)};
  const uint64_t errors = result.refused + result.no_ack + result.missing;
  std::string line = "errors        " + std::to_string(errors);
  if (errors > 0) {
    line += ": refused " + std::to_string(result.refused) + ", no ack " + std::to_string(result.no_ack) +
            ", not delivered " + std::to_string(result.missing);
  }
  if (!result.first_error.empty()) line += " (first: " + Printable(result.first_error) + ")";
  lines.push_back(line);
  return lines;
}

std::string BenchJson(const BenchResult& result) {
  return DumpJson({{"seconds", result.seconds},
                   {"sent", result.sent},
                   {"acked", result.acked},
                   {"ackedPerSecond", PerSecond(result.acked, result.seconds)},
                   {"delivered", result.delivered},
                   {"deliveredPerSecond", PerSecond(result.delivered, result.seconds)},
                   {"refused", result.refused},
                   {"noAck", result.no_ack},
                   {"missing", result.missing},
                   {"firstError", result.first_error},
                   {"ackMs", LatencyJson(result.ack)},
                   {"deliveryMs", LatencyJson(result.delivery)}});
}

}  // namespace parley::client
