#include "bridge/metrics/registry.h"

#include <algorithm>

#include <prometheus/text_serializer.h>

namespace parley::bridge {
namespace {

prometheus::MetricType TypeOf(MetricFamily::Type type) {
  switch (type) {
    case MetricFamily::Type::kCounter:
      return prometheus::MetricType::Counter;
    case MetricFamily::Type::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricFamily::Type::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram HistogramOf(const MetricFamily::Sample& sample) {
  prometheus::ClientMetric::Histogram out;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < sample.histogram.counts.size(); ++i) {
    cumulative += sample.histogram.counts[i];
    if (i >= sample.histogram.bounds.size()) break;  // the serializer writes +Inf by itself
    out.bucket.push_back({cumulative, static_cast<double>(sample.histogram.bounds[i]) / sample.per_unit});
  }
  out.sample_count = cumulative;
  out.sample_sum = static_cast<double>(sample.histogram.sum) / sample.per_unit;
  return out;
}

prometheus::ClientMetric MetricOf(MetricFamily::Type type, const MetricFamily::Sample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  switch (type) {
    case MetricFamily::Type::kCounter:
      metric.counter.value = sample.value;
      break;
    case MetricFamily::Type::kGauge:
      metric.gauge.value = sample.value;
      break;
    case MetricFamily::Type::kHistogram:
      metric.histogram = HistogramOf(sample);
      break;
  }
  return metric;
}

}  // namespace

MetricFamily& MetricFamily::Add(double value, MetricLabels labels) {
  samples_.push_back({.labels = std::move(labels), .value = value});
  return *this;
}

MetricFamily& MetricFamily::Add(uint64_t value, MetricLabels labels) {
  return Add(static_cast<double>(value), std::move(labels));
}

MetricFamily& MetricFamily::Add(metrics::HistogramSnapshot histogram, double per_unit, MetricLabels labels) {
  samples_.push_back({.labels = std::move(labels), .histogram = std::move(histogram), .per_unit = per_unit});
  return *this;
}

std::string MetricsPage::Text() const {
  std::vector<prometheus::MetricFamily> families;
  for (const MetricFamily& family : families_) {
    prometheus::MetricFamily& out = families.emplace_back();
    out.name = family.name();
    out.help = family.help();
    out.type = TypeOf(family.type());
    for (const MetricFamily::Sample& sample : family.samples()) {
      out.metric.push_back(MetricOf(family.type(), sample));
    }
  }
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return prometheus::TextSerializer().Serialize(families);
}

std::string MetricsRegistry::Text() const {
  MetricsPage page;
  for (const Collector& collect : collectors_) collect(page);
  return page.Text();
}

}  // namespace parley::bridge
