#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "exposition/bytes.h"
#include "exposition/line.h"
#include "exposition/scan.h"

namespace postern::exposition {

// A short text that is searched again and again. It is compared as two words instead of by a call.
// The text must outlive the object.
class Known {
 public:
  Known() = default;  // matches no text
  explicit Known(std::string_view text)
      : text_(text), room_(std::max(text.size(), std::size_t{16})) {
    const std::size_t head = text.size() < 16 ? text.size() : 16;
    std::memcpy(words_, text.data(), head);
    for (std::size_t i = 0; i < head; ++i) reinterpret_cast<unsigned char*>(masks_)[i] = 0xff;
  }

  std::size_t size() const { return text_.size(); }
  // Whether the text begins at `p`. False when fewer than 16 bytes are left up to `end`.
  bool beginsAt(const char* p, const char* end) const {
    if (static_cast<std::size_t>(end - p) < room_) return false;
    std::uint64_t words[2];
    std::memcpy(words, p, sizeof(words));
    if ((((words[0] ^ words_[0]) & masks_[0]) | ((words[1] ^ words_[1]) & masks_[1])) != 0) {
      return false;
    }
    return size() <= 16 || text_.compare(16, size(), p + 16, size() - 16) == 0;
  }

 private:
  std::string_view text_;
  std::size_t room_ = std::string_view::npos;  // bytes that must be available
  std::uint64_t words_[2] = {0, 0};
  std::uint64_t masks_[2] = {0, 0};
};

// The last name of a metric or family, if it was unquoted. Most names equal that of the line
// before, or begin like it. Comparing is faster than examining each byte, and equal text needs no
// second check.
class KnownName {
 public:
  // Reads the name at `p` into the line and returns the position after it. Requires that a name
  // begins there, and a line with its kind set. The text, which ends at `end`, must outlive the
  // next call, or call forget() first.
  const char* read(const char* p, const char* end, Line& line) {
    const bool comparable = static_cast<std::size_t>(end - p) >= name_.size() + 8;
    const std::size_t alike = comparable ? commonPrefix(p, name_) : 0;
    const char* const after = skip(p + alike, kMetric);
    const std::string_view name = between(p, after);
    line.same_name = alike == name_.size() && alike == name.size();
    const bool sample = line.kind == LineKind::Sample;
    line.same_metric = line.same_name && sample && of_sample_;
    // Each view from its parts, because a copy of the one just made would wait for its stores.
    line.name = name;
    name_ = name;
    of_sample_ = sample;
    return after;
  }
  // The next name is not compared.
  void forget() { name_ = {}; }

 private:
  std::string_view name_;
  bool of_sample_ = false;
};

// The labels of the last sample, each up to its value: `name="`. Samples of one family have the
// same labels, and comparing is faster than examining each byte.
class KnownLabels {
 public:
  // In order, up to last(), which matches no text.
  const Known* first() const { return labels_.data(); }
  const Known* last() const { return labels_.data() + labels_.size() - 1; }
  // The text of the labels must outlive the next call, or call forget() first.
  void learn(const std::vector<Label>& labels);
  // The next labels are not compared, and do not count as equal to those of the last sample.
  void forget();

 private:
  std::vector<Known> labels_ = {Known()};
};

}  // namespace postern::exposition
