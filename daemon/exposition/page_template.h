#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "exposition/duplicate_search.h"
#include "exposition/line_edits.h"
#include "exposition/output.h"
#include "exposition/page_checker.h"
#include "exposition/page_counts.h"
#include "exposition/page_writer.h"

namespace postern::exposition {

// Limits the memory of all templates of the process; 4 MiB by default. Call before the first page.
// 0: no templates.
void limitPageTemplates(std::size_t bytes);

// A share of that memory.
class TemplateBytes {
 public:
  TemplateBytes() = default;
  TemplateBytes(TemplateBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}
  TemplateBytes& operator=(TemplateBytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~TemplateBytes();

  // Replaces its share by one of this size. False: not enough memory is left, and the share is
  // unchanged.
  [[nodiscard]] bool resize(std::size_t bytes);

 private:
  std::size_t bytes_ = 0;
};

// Some lines of a page without their values, and the result of reading them. Names, labels, rules
// and limits do not depend on values, and text that was valid stays valid. The text is kept as a
// hash with a secret of the process, so that two different texts share one with a probability of
// 2^-64.
struct TemplateBlock {
  std::uint64_t hash = 0;        // of all lines up to their values
  std::size_t first = 0;         // bytes of the first line up to its value
  std::uint64_t first_hash = 0;  // hash of those bytes
  std::size_t least_bytes = 0;   // size of the block with the shortest values
  std::size_t line_ends = 0;     // number of its line ends
  bool copied = false;           // the output equals the input
  std::string lengths;           // of each line up to its value, and whether a value follows
  std::string edits;             // of each line, unless the block is copied
  std::size_t out_bytes = 0;     // size of the output without values
  PageCounts counts;             // without duplicates
  SeriesLog series;              // of the kept samples
  NameLog names;                 // of families
  // The context that the block requires, and the one that it leaves; null: none
  // (PageChecker::context).
  std::shared_ptr<const PageChecker::Context> before;
  std::shared_ptr<const PageChecker::Context> after;
  bool gap = false;  // lines that are not in the template precede it
  TemplateBytes bytes;

  enum class Fit { Fits, Differs, Short };  // Short: the text is too short to decide
  // Whether the text at `p` is the block with any values. If so, moves `p` after it and stores the
  // ends of its lines in `ends`, unless the block is copied. Requires a line end before `end`.
  Fit match(const char*& p, const char* end, std::vector<const char*>& ends) const;
  // Requires that match() has found the text at `p` to fit.
  void write(const char* p, const std::vector<const char*>& ends, const Literals& literals,
             std::string& out) const;
  std::size_t size() const;  // approximate memory in bytes
};

// The position of the line end after a value that every reader accepts; null for another value.
// Requires a line end before `end`, or that `p` is at one.
const char* behindValue(const char* p, const char* end);
inline constexpr std::size_t kLongestValue = 40;  // bytes; lines with longer values are read
// Combines the hash of the earlier lines with that of a line up to its value.
std::uint64_t hashLine(std::uint64_t before, std::string_view line);

// A page in blocks, in the output format in which it was last read.
struct PageTemplate {
  std::vector<TemplateBlock> blocks;
  Literals literals;
  TemplateBytes literal_bytes;
  std::optional<PageCounts> duplicates;  // of the whole page; not set: unknown
  Syntax syntax = Syntax::Text;
  std::size_t block_bytes = 16U << 10;  // size of a learned block, plus at most one line
  std::size_t page_bytes = 0;           // of the whole page
};

// The template of a page, for the one form in which it last went out; one scrape at a time uses it.
// (Prometheus does the same line by line, with its scrape cache.) Thread-safe.
class PageTemplateStore {
 public:
  PageTemplateStore();
  // For tests: blocks of another size.
  explicit PageTemplateStore(std::size_t block_bytes);
  ~PageTemplateStore();
  PageTemplateStore(const PageTemplateStore&) = delete;
  PageTemplateStore& operator=(const PageTemplateStore&) = delete;

  struct Lease {
    std::unique_ptr<PageTemplate> page;  // null: the page is to be read without
    bool learns = false;                 // whether to learn what is new
  };
  // With `learns` false less and less often for a page of which no two are alike.
  Lease lease(const Output& output, std::string_view content_type);
  // `alike`: most of the page was filled in by values. `lacked_room`: not all of it was learned; a
  // template that is not lent gives way then, for the next time: one that was not used while this
  // one was used twice, or else one of a page of more than four times the size.
  void giveBack(std::unique_ptr<PageTemplate> page, bool alike, bool lacked_room = false);

 private:
  void makeRoom();

  const std::size_t block_bytes_;
  Mutex mutex_;
  std::unique_ptr<PageTemplate> page_ GUARDED_BY(mutex_);  // null: lent
  bool lent_ GUARDED_BY(mutex_) = false;
  Output output_ GUARDED_BY(mutex_);
  std::string content_type_ GUARDED_BY(mutex_);
  std::size_t misses_ GUARDED_BY(mutex_) = 0;  // in a row
  // When it was lent last, and before that, counted in leases of all stores; 0: never.
  std::uint64_t used_ GUARDED_BY(mutex_) = 0;
  std::uint64_t used_before_ GUARDED_BY(mutex_) = 0;
};

}  // namespace postern::exposition
