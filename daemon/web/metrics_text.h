#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "scrape/stats.h"

namespace postern::web {

// Writes metric families as text 0.0.4, one after another.
class MetricsText {
 public:
  using LabelList = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Begins a family: HELP and TYPE. Its samples must follow immediately.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(LabelList labels, double value);
  void sample(LabelList labels, std::uint64_t value);
  void histogram(LabelList labels, const scrape::Histogram& histogram);

  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, LabelList labels, std::string_view more,
            const std::string& value);

  std::string text_;
  std::string name_;
};

}  // namespace postern::web
