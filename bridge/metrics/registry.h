#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/metrics/histogram.h"

namespace parley::bridge {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// One name on the metrics page, with all its samples. Every name stands in docs/metrics.md.
class MetricFamily {
 public:
  enum class Type { kCounter, kGauge, kHistogram };

  // `name` and `help` end up on the page as they are.
  MetricFamily(Type type, std::string_view name, std::string_view help)
      : type_(type), name_(name), help_(help) {}

  // One number; a name that has several tells them apart by labels.
  MetricFamily& Add(double value, MetricLabels labels = {});
  MetricFamily& Add(uint64_t value, MetricLabels labels = {});
  // `per_unit`: how many of the histogram's units are one of the page's (nanoseconds of a second: 1e9).
  MetricFamily& Add(metrics::HistogramSnapshot histogram, double per_unit, MetricLabels labels = {});

  struct Sample {
    MetricLabels labels;
    double value = 0;
    metrics::HistogramSnapshot histogram{};
    double per_unit = 1;
  };
  Type type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  const std::vector<Sample>& samples() const { return samples_; }

 private:
  Type type_;
  std::string name_;
  std::string help_;
  std::vector<Sample> samples_;
};

// The page that a collector adds to.
class MetricsPage {
 public:
  MetricFamily& Counter(std::string_view name, std::string_view help) {
    return families_.emplace_back(MetricFamily::Type::kCounter, name, help);
  }
  MetricFamily& Gauge(std::string_view name, std::string_view help) {
    return families_.emplace_back(MetricFamily::Type::kGauge, name, help);
  }
  MetricFamily& Histogram(std::string_view name, std::string_view help) {
    return families_.emplace_back(MetricFamily::Type::kHistogram, name, help);
  }

  // In the text format 0.0.4 of Prometheus, families in the order of their names.
  std::string Text() const;

 private:
  std::deque<MetricFamily> families_;  // whose references last
};

// Everything that the bridge measures: each part adds a collector, which is asked when the page is read.
// Add() before anybody reads; Text() on any one thread at a time, which is the HTTP server's: collectors
// guard what they look at and never wait long.
class MetricsRegistry {
 public:
  using Collector = std::function<void(MetricsPage&)>;

  void Add(Collector collector) { collectors_.push_back(std::move(collector)); }
  std::string Text() const;

 private:
  std::vector<Collector> collectors_;
};

}  // namespace parley::bridge
