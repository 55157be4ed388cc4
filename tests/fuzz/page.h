#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "exposition/page_pipeline.h"
#include "exposition/page_reader.h"
#include "exposition/page_writer.h"
#include "fuzz/require.h"

// Shared by the targets: reads and writes a page, and checks the invariants.
namespace postern::fuzz {

using config::Format;
using exposition::Output;
using exposition::Syntax;

inline constexpr Output kText{Syntax::Text, true, exposition::Escaping::AllowUtf8};
inline constexpr Output kOpenMetrics{Syntax::OpenMetrics, true, exposition::Escaping::AllowUtf8};

struct Read {
  bool taken = false;
  std::string what;         // the error
  std::string text;         // the result
  std::size_t samples = 0;  // that remain
  bool operator==(const Read&) const = default;
};

inline Read read(std::string_view page, Syntax syntax, const exposition::PageOptions& options,
                 const Output& output, std::size_t block) {
  exposition::PageWriter writer(output);
  exposition::PageReader reader(syntax, options, writer);
  Result<void> result;
  for (std::size_t at = 0; result && at < page.size(); at += block) {
    // In separate memory, so that a sanitizer finds a view that outlives its block.
    result = reader.feed(std::string(page.substr(at, block)));
  }
  if (result) result = reader.finish();
  if (!result) return {false, result.error().what, "", 0};
  writer.finish();
  return {true, "", writer.out(), reader.counts().kept};
}

// Cuts into blocks change nothing; the result is a page, and its own result is equal.
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

inline Read pass(std::string page, Format format, const exposition::PageOptions& options,
                 const Output& output, exposition::PageTemplateStore* store) {
  exposition::PagePipeline pipeline(
      format, options, output,
      [](const config::JsonFormat&, std::string_view) -> Result<std::string> {
        return std::string();
      },
      store);
  auto result = pipeline.feed(page);
  page.clear();
  if (result) result = pipeline.finish();
  if (!result) return {false, result.error().what, "", 0};
  return {true, "", pipeline.out(), pipeline.counts().kept};
}

// With other values, some of them invalid.
inline std::string alike(std::string_view page, std::size_t seed) {
  constexpr std::string_view kValues[] = {"0",     "1.5",    "-7e-3", "+Inf",
                                          "NaN",   "1e+300", "0x1p",  "7 12",
                                          "1e999", "",       "+1",    "12345678901234567890"};
  const std::size_t choice = seed < 2 ? 6 : std::size(kValues);  // valid ones first
  std::string other;
  for (std::size_t line = 0; !page.empty(); ++line) {
    const std::string_view text = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(page.size(), text.size() + 1));
    const std::size_t blank = text.rfind(' ');
    if (text.starts_with('#') || blank == std::string_view::npos) {
      other.append(text).append("\n");
    } else {
      other.append(text.substr(0, blank + 1)).append(kValues[(line + seed) % choice]).append("\n");
    }
  }
  return other;
}

// The line in the middle is missing or duplicated.
inline std::string withAnotherLine(std::string page, bool twice) {
  const std::size_t begin = page.rfind('\n', page.size() / 2) + 1;
  const std::size_t size = page.find('\n', begin) - begin + 1;
  if (begin >= page.size()) return page;
  return twice ? page.insert(begin, page.substr(begin, size)) : page.erase(begin, size);
}

// The template of the previous page changes nothing in the result of the next page, in blocks of
// `block` bytes.
inline void holdLikeness(std::string_view page, Format format,
                         const exposition::PageOptions& options, const Output& output,
                         std::size_t block) {
  exposition::PageTemplateStore store(block);
  pass(std::string(page), format, options, output, &store);
  for (std::size_t seed = 0; seed < 6; ++seed) {
    std::string next = alike(page, seed % 4);
    if (seed > 3) next = withAnotherLine(std::move(next), seed == 5);
    const Read kept = pass(next, format, options, output, &store);
    const Read fresh = pass(next, format, options, output, nullptr);
    require(kept == fresh, ("the page before matters, " + kept.what + " / " + fresh.what).c_str(),
            next);
  }
}

}  // namespace postern::fuzz
