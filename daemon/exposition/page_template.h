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
#include "exposition/page_counts.h"
#include "exposition/page_filter.h"
#include "exposition/page_writer.h"

namespace postern::exposition {

// How many bytes the templates of the process take together, at most; 4 MiB unless it is called.
// Before the first page. 0: there are none.
void limitPageTemplates(std::size_t bytes);

// A share of those bytes.
class TemplateBytes {
 public:
  TemplateBytes() = default;
  TemplateBytes(TemplateBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}
  TemplateBytes& operator=(TemplateBytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~TemplateBytes();

  // Instead of the share that it has. False: so many are not left, and it has what it had.
  [[nodiscard]] bool resize(std::size_t bytes);

 private:
  std::size_t bytes_ = 0;
};

// Some lines of a page without their values, and what became of them: neither names, labels and
// rules nor limits look at values, and text that was valid is valid. Text is kept as a hash with a
// secret of the process, so that two different texts share one with a chance of 2^-64.
struct TemplateBlock {
  std::uint64_t hash = 0;        // of all lines up to their values
  std::size_t first = 0;         // bytes of the first line up to its value
  std::uint64_t first_hash = 0;  // of those bytes
  std::size_t least_bytes = 0;   // that the block may have
  std::size_t line_ends = 0;     // in it
  bool copied = false;           // it goes out as it came
  std::string lengths;           // of each line up to its value, and whether a value follows
  std::string edits;             // of each line, unless it is copied
  std::size_t out_bytes = 0;     // that go out without values
  PageCounts counts;             // but for duplicates
  SeriesLog series;              // of the samples that are kept
  NameLog names;                 // of families
  // What the block depends on, and what it leaves; null: nothing (PageFilter::context).
  std::shared_ptr<const PageFilter::Context> before;
  std::shared_ptr<const PageFilter::Context> after;
  bool gap = false;  // lines that are not in the template come before it
  TemplateBytes bytes;

  enum class Fit { Fits, Differs, Short };  // Short: the text ends too early to tell
  // Whether the text at `p` is the block with any values; `p` is behind it then, and `ends` has the
  // ends of its lines, unless it is copied. Requires a line end before `end`.
  Fit match(const char*& p, const char* end, std::vector<const char*>& ends) const;
  // Requires the text at `p` to be what match() has found to fit.
  void write(const char* p, const std::vector<const char*>& ends, const Literals& literals,
             std::string& out) const;
  std::size_t size() const;  // bytes that it takes, about
};

// At the line end behind a value that every reader takes, null when another one is there. Requires
// a line end before `end`, or that `p` is there.
const char* behindValue(const char* p, const char* end);
inline constexpr std::size_t kLongestValue = 40;  // bytes: lines with longer ones are read
// Combines the hash of the lines before with that of a line up to its value.
std::uint64_t hashLine(std::uint64_t before, std::string_view line);

// A page in blocks, in the form in which it was last read.
struct PageTemplate {
  std::vector<TemplateBlock> blocks;
  Literals literals;
  TemplateBytes literal_bytes;
  std::optional<PageCounts> duplicates;  // of the whole page; none: not known
  Syntax syntax = Syntax::Text;
  std::size_t block_bytes = 16U << 10;  // of a block that is learned, and at most a line more
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
