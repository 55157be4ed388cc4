#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "exposition/families.h"
#include "exposition/page_reader.h"
#include "exposition/page_writer.h"
#include "exposition/sample_text.h"
#include "fakes/stride.h"
#include "fakes/test_data.h"

namespace postern::exposition {

inline std::string readData(std::string_view name) {
  const std::filesystem::path path = testing::dataFolder() / name;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline constexpr Output kText1{Syntax::Text, true, Escaping::AllowUtf8};
inline constexpr Output kOpenMetrics1{Syntax::OpenMetrics, true, Escaping::AllowUtf8};

// How a page is read and written.
struct How {
  Syntax syntax = Syntax::Text;
  PageOptions options = {};
  Output output = kText1;
};

// The result of a page: the verdict, and its text if it is accepted.
struct Checked {
  bool taken = false;
  Fault fault{};
  std::string what;
  std::string text;
  PageCounts counts;

  bool operator==(const Checked&) const = default;
};

// Feeds the page in blocks of `block` bytes; the first block has `first` bytes if set.
inline Checked check(std::string_view page, const How& how = {},
                     std::size_t block = std::string_view::npos, std::size_t first = 0) {
  PageWriter writer(how.output);
  PageReader reader(how.syntax, how.options, writer);
  Checked checked;
  Result<void> result;
  // Each block has its own memory, which is freed before the next block.
  const auto feed = [&](std::string_view piece) { return reader.feed(std::string(piece)); };
  if (first != 0) result = feed(page.substr(0, first));
  for (std::size_t at = first; result && at < page.size();) {
    const std::string_view piece = page.substr(at, block);
    result = feed(piece);
    at += piece.size();
  }
  if (result) result = reader.finish();
  checked.taken = static_cast<bool>(result);
  if (result) {
    writer.finish();
    checked.text = writer.out();
    checked.counts = reader.counts();
  } else {
    checked.fault = result.error().fault;
    checked.what = result.error().what;
  }
  return checked;
}

// As check(), and requires the same result however the page is cut.
inline Checked checkCut(std::string_view page, const How& how = {}) {
  const Checked whole = check(page, how);
  const auto same = [&](const Checked& cut, std::string_view cutting, std::size_t at) {
    EXPECT_EQ(cut.what, whole.what) << cutting << at;
    EXPECT_TRUE(cut == whole) << cutting << at;
  };
  for (std::size_t at = 1; at < page.size(); at += testing::stride()) {
    same(check(page, how, std::string_view::npos, at), "cut at ", at);
  }
  for (const std::size_t block : {1, 2, 3, 7, 64}) {
    same(check(page, how, block), "blocks of ", block);
  }
  return whole;
}

// The families as a page of this format.
inline std::string written(const Families& families, const Output& output = kText1) {
  auto page = write(families, output);
  EXPECT_TRUE(page) << (page ? "" : page.error().what);
  return page ? *std::move(page) : std::string();
}

}  // namespace postern::exposition
