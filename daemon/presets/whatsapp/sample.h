#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/families.h"
#include "exposition/json.h"
#include "exposition/line.h"

namespace postern::presets::whatsapp {

// Converts one entry of a WhatsApp family's `data` to lines of text:
//   {"labels":{...},"value":1}  or  {"labels":{...},"bucket":{"0.5":1},"sum":2,"count":3}
// A value is a number, copied unchanged, or a string that Prometheus reads as one ("NaN"). Labels
// may be absent or `[]`. A label whose name Prometheus does not accept, or that appears twice, is
// an error.
class Sampler {
 public:
  // `where` is the place of the entry for errors. Error: Format.
  Result<void> read(simdjson::ondemand::object entry, const exposition::JsonPlace& where);

  // Appends the entry as lines of `metric` and returns their number. `node`, unless empty, becomes
  // a label, unless the entry has a label of that name. Buckets make the family a histogram. They
  // count from zero up like Prometheus', and a missing last one, +Inf, is made from `count`.
  // Errors: Format, and Limit by `growth`.
  Result<std::size_t> write(std::string_view metric, std::string_view node,
                            const exposition::JsonPlace& where, exposition::JsonGrowth& growth,
                            exposition::Family& family);

 private:
  struct Bucket {
    std::string_view le;
    std::string_view count;
  };

  Result<void> readLabels(simdjson::ondemand::value& value, const exposition::JsonPlace& where);
  bool hasLabel(std::string_view name) const;
  Result<void> readBuckets(simdjson::ondemand::value& value, const exposition::JsonPlace& where);
  Result<std::size_t> writeHistogram(std::string_view metric, exposition::JsonGrowth& growth,
                                     exposition::Family& family) const;

  std::vector<exposition::Label> labels_;  // with unescaped values
  std::vector<std::string_view> names_;    // names of labels_, sorted
  std::vector<Bucket> buckets_;
  bool histogram_ = false;
  std::string_view value_;
  std::string_view sum_;
  std::string_view count_;
  std::string labels_text_;  // a="b",c="d"
};

}  // namespace postern::presets::whatsapp
