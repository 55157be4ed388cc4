#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/bytes.h"
#include "exposition/line.h"

namespace postern::exposition {

// A short text that is looked for over and over: compared with two words instead of a call.
class Known {
 public:
  explicit Known(std::string_view text) : size_(text.size()) {
    const std::size_t head = text.size() < 16 ? text.size() : 16;
    std::memcpy(words_, text.data(), head);
    for (std::size_t i = 0; i < head; ++i) reinterpret_cast<unsigned char*>(masks_)[i] = 0xff;
  }

  std::size_t size() const { return size_; }
  // Whether the text begins at `p`, as far as the first 16 bytes of it tell. Requires 16 readable
  // bytes.
  bool beginsAt(const char* p) const {
    std::uint64_t words[2];
    std::memcpy(words, p, sizeof(words));
    return (((words[0] ^ words_[0]) & masks_[0]) | ((words[1] ^ words_[1]) & masks_[1])) == 0;
  }

 private:
  std::size_t size_;
  std::uint64_t words_[2] = {0, 0};
  std::uint64_t masks_[2] = {0, 0};
};

// The last metric name without quotes. Most names are that of the line before, or begin like it:
// comparing is faster than looking at each byte, and what is equal needs no second look.
class KnownName {
 public:
  // Reads the name at `p` into the line; behind it.
  const char* read(const char* p, const char* end, Line& line) {
    const char* const start = p;
    const std::size_t known = name_.size();
    const bool begins_alike =
        static_cast<std::size_t>(end - p) > known && std::memcmp(p, name_.data(), known) == 0;
    p = skip(begins_alike ? p + known : p, kMetric);
    line.name = between(start, p);
    line.same_name = begins_alike && line.name.size() == known;
    if (!line.same_name) name_ = line.name;
    return p;
  }
  // The next name is not compared.
  void forget() { name_.clear(); }

 private:
  std::string name_;
};

// What the labels of the last sample look like up to each value, `name="`: samples of one family
// have the same labels, and comparing is faster than looking at each byte.
class KnownLabels {
 public:
  std::size_t count() const { return labels_.size(); }
  // Of the text up to the value.
  std::size_t size(std::size_t at) const { return labels_[at].size(); }
  // Whether the label at `p`, the one with the number `at`, looks as that of the last sample.
  bool beginsAt(std::size_t at, const char* p, const char* end) const {
    if (at >= labels_.size()) return false;
    const Known& known = labels_[at];
    const auto left = static_cast<std::size_t>(end - p);
    if (known.size() == 0 || left < 16 || left <= known.size() || !known.beginsAt(p)) return false;
    if (known.size() <= 16) return true;
    const std::string_view rest = std::string_view(texts_[at]).substr(16);
    return std::string_view(p + 16, rest.size()) == rest;
  }
  void learn(const std::vector<Label>& labels);

 private:
  std::vector<std::string> texts_;
  std::vector<Known> labels_;
};

}  // namespace postern::exposition
