#include "exposition/strict_histogram.h"

#include <cmath>

namespace postern::exposition {

std::string_view StrictHistogram::bucket(double bound, double value) {
  if (bound < 0) has_negative_bound_ = true;
  if (bound_ && bound <= *bound_) return "buckets in the order of le, each once";
  if (value < value_) return "a bucket that counts no less than the one before it";
  bound_ = bound;
  value_ = value;
  return {};
}

void StrictHistogram::gaugeSum(double value) {
  has_gauge_sum_ = true;
  if (value < 0) has_negative_gauge_sum_ = true;
}

std::string_view StrictHistogram::finish() const {
  if (!bound_ || !std::isinf(*bound_))
    return "a bucket with le=\"+Inf\" at the end of the histogram";
  if (count_ && value_ != *count_) return "a count equal to the bucket with le=\"+Inf\"";
  const bool has_any_sum = has_sum_ || has_gauge_sum_;
  if (has_any_sum != count_.has_value()) return "a count and a sum, or neither, in the histogram";
  if (has_negative_bound_ && has_sum_) return "no sum in a histogram with buckets below zero";
  if (!has_negative_bound_ && has_negative_gauge_sum_) {
    return "no sum below zero in a histogram without buckets below zero";
  }
  return {};
}

}  // namespace postern::exposition
