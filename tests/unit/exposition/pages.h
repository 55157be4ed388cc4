#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "exposition/text_checker.h"

namespace postern::exposition {

inline std::string readData(std::string_view name) {
  const std::string path = std::string(POSTERN_TEST_DATA "/").append(name);
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// What becomes of a page: the verdict, and the text when it is taken.
struct Checked {
  bool taken = false;
  Fault fault{};
  std::string what;
  std::string text;
  std::size_t samples = 0;

  bool operator==(const Checked&) const = default;
};

// Feeds the page in blocks of `block` bytes, the first one of `first` bytes when that is given.
inline Checked check(std::string_view page, const Limits& limits = {}, bool honor_timestamps = true,
                     std::size_t block = std::string_view::npos, std::size_t first = 0) {
  TextChecker checker(limits, honor_timestamps);
  Checked checked;
  Result<void> result;
  if (first != 0) result = checker.feed(page.substr(0, first), checked.text);
  for (std::size_t at = first; result && at < page.size();) {
    const std::string_view piece = page.substr(at, block);
    result = checker.feed(piece, checked.text);
    at += piece.size();
  }
  if (result) result = checker.finish(checked.text);
  checked.taken = static_cast<bool>(result);
  if (!result) {
    checked.fault = result.error().fault;
    checked.what = result.error().what;
    checked.text.clear();
  }
  checked.samples = checked.taken ? checker.samples() : 0;
  return checked;
}

// As check(), and the same must come of it however the page is cut.
inline Checked checkCut(std::string_view page, const Limits& limits = {},
                        bool honor_timestamps = true) {
  const Checked whole = check(page, limits, honor_timestamps);
  const auto same = [&](const Checked& cut, std::string_view how, std::size_t at) {
    EXPECT_EQ(cut.what, whole.what) << how << at;
    EXPECT_TRUE(cut == whole) << how << at;
  };
  for (std::size_t at = 1; at < page.size(); ++at) {
    same(check(page, limits, honor_timestamps, std::string_view::npos, at), "cut at ", at);
  }
  for (const std::size_t block : {1, 2, 3, 7, 64}) {
    same(check(page, limits, honor_timestamps, block), "blocks of ", block);
  }
  return whole;
}

}  // namespace postern::exposition
