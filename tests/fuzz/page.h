#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exposition/page_reader.h"
#include "exposition/page_writer.h"

// What the targets share: a page is read and written, and what must hold is held.
namespace postern::fuzz {

using exposition::Output;
using exposition::Syntax;

inline constexpr Output kText{Syntax::Text, true, exposition::Escaping::AllowUtf8};
inline constexpr Output kOpenMetrics{Syntax::OpenMetrics, true, exposition::Escaping::AllowUtf8};

struct Read {
  bool taken = false;
  std::string what;         // is wrong with it
  std::string text;         // that it became
  std::size_t samples = 0;  // that are left
  bool operator==(const Read&) const = default;
};

inline Read read(std::string_view page, Syntax syntax, const exposition::PageOptions& options,
                 const Output& output, std::size_t block) {
  exposition::PageWriter writer(output);
  exposition::PageReader reader(syntax, options, writer);
  Result<void> result;
  for (std::size_t at = 0; result && at < page.size(); at += block) {
    // In memory of its own, so that a view that outlives its block is found.
    result = reader.feed(std::string(page.substr(at, block)));
  }
  if (result) result = reader.finish();
  if (!result) return {false, result.error().what, "", 0};
  writer.finish();
  return {true, "", writer.out(), reader.counts().kept};
}

inline void require(bool holds, const char* claim, std::string_view page) {
  if (holds) return;
  std::fprintf(stderr, "%s:\n%.*s\n", claim, static_cast<int>(page.size()), page.data());
  std::abort();
}

// How the page is cut into blocks changes nothing; what it becomes is a page, which becomes itself.
inline void holdPage(std::string_view page, Syntax syntax, const exposition::PageOptions& options,
                     const Output& output, std::size_t block) {
  const Read whole = read(page, syntax, options, output, std::string_view::npos / 2);
  const Read blocks = read(page, syntax, options, output, block);
  require(blocks == whole, ("the blocks matter, " + whole.what + " / " + blocks.what).c_str(),
          page);
  if (!whole.taken || whole.samples == 0) return;
  const Read again = read(whole.text, output.syntax, {}, output, std::string_view::npos / 2);
  require(again.taken, ("its output is refused, " + again.what).c_str(), whole.text);
  require(again.text == whole.text, "its output becomes another page", whole.text);
}

}  // namespace postern::fuzz
