#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/detect.h"
#include "exposition/output.h"
#include "exposition/page_filter.h"

namespace postern::exposition {

// A page without its values, and what came of it. The page of a target is nearly always the one
// before with other values, and need not be read anew then: neither names, labels and rules nor
// limits look at values, and text that was good is good. (Prometheus does this line by line, with
// its scrape cache.) Immutable.
class Stencil {
 public:
  // Writes into `out`, which is empty, what reading `page` would have written. False: the page is
  // of another shape, and both are as they were; else `page` is spent.
  bool fill(std::string& page, std::string& out) const;

  std::size_t bytes() const;  // that it takes
  const PageCounts& counts() const { return counts_; }
  Format format() const { return format_; }

 private:
  friend class StencilCutter;

  // Text before a value, and what stands for it in what goes out; lengths in bytes.
  struct Piece {
    std::uint32_t in;
    std::uint32_t out;
    bool kept;  // the sample: its value goes out
  };

  std::vector<Piece> pieces_;
  std::string in_;  // of all pieces, and what follows the last value
  std::string out_;
  bool copies_ = false;  // what goes out is what came in; out_ is empty then
  PageCounts counts_;
  Format format_ = Format::Text;
};

// Watches how a page is read, to make a stencil of it. One page only.
class StencilCutter {
 public:
  // Both must outlive it: the page, whole, and what is written of it.
  StencilCutter(std::string_view page, const std::string& out, std::size_t line_limit)
      : page_(page), out_(out), line_limit_(line_limit) {}

  // After each sample, with all that goes out before the next one written.
  void sample(const Line& line, bool kept);
  // At the end. Null when the page is not of the kind: a sample has a timestamp, an exemplar or
  // blanks behind its value, or is no line of `page`.
  std::shared_ptr<const Stencil> finish(const PageCounts& counts, Format format);

 private:
  const std::string_view page_;
  const std::string& out_;
  const std::size_t line_limit_;
  Stencil stencil_;
  std::size_t in_at_ = 0;  // behind the last value, as is out_at_
  std::size_t out_at_ = 0;
  bool good_ = true;
};

// The last stencil of a page, for the one form in which it went out; those of all pages of the
// process have 4 MiB together, and a page that comes later goes without. Thread-safe.
class StencilKeeper {
 public:
  StencilKeeper() = default;
  ~StencilKeeper();
  StencilKeeper(const StencilKeeper&) = delete;
  StencilKeeper& operator=(const StencilKeeper&) = delete;

  // Null when there is none for this form and Content-Type.
  std::shared_ptr<const Stencil> find(const Output& output, std::string_view content_type);
  // `filled`: whether the stencil was of use. Returns whether to make another one now: less and
  // less often for a page of which no two are alike.
  bool wants(bool filled);
  // Instead of the one that was kept; null: none.
  void keep(std::shared_ptr<const Stencil> stencil, const Output& output,
            std::string_view content_type);

 private:
  std::mutex mutex_;
  std::shared_ptr<const Stencil> stencil_;  // guarded by mutex_, as is what follows
  Output output_;
  std::string content_type_;
  std::size_t misses_ = 0;  // in a row
};

}  // namespace postern::exposition
