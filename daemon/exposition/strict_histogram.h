#pragma once

#include <optional>
#include <string_view>

namespace postern::exposition {

// Checks the samples of one histogram at one time, in their order (OpenMetrics 1.0.0, Histogram and
// GaugeHistogram). Each function returns what was expected, or an empty text.
class StrictHistogram {
 public:
  // `bound` is the value of le.
  std::string_view bucket(double bound, double value);
  void count(double value) { count_ = value; }
  void sum() { has_sum_ = true; }
  void gaugeSum(double value);
  // Call when no more samples of it follow.
  std::string_view finish() const;
  // Whether any sample came.
  bool begun() const { return bound_ || count_ || has_sum_ || has_gauge_sum_; }

 private:
  std::optional<double> bound_;
  double value_ = 0;
  std::optional<double> count_;
  bool has_sum_ = false;
  bool has_gauge_sum_ = false;
  bool has_negative_bound_ = false;
  bool has_negative_gauge_sum_ = false;
};

}  // namespace postern::exposition
