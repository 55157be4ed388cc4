#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "exposition/page_template.h"
#include "exposition/sink.h"

namespace postern::exposition {

// How one page uses a template, and what it learns for the next page. As long as the page has been
// filled in block by block from its beginning, nobody looks for duplicates: what was found of them
// holds when the whole page is filled. Else what is known of the filled blocks is made up for, and
// they are taken as if they had been read.
// The reader calls startLine() and endLine() around each line that it takes, but # EOF. Not
// thread-safe.
class TemplateRun {
 public:
  // All must outlive the page. `line_limit` in bytes.
  TemplateRun(PageTemplate& page, bool learns, PageWriter& writer, std::size_t line_limit);
  ~TemplateRun();
  TemplateRun(const TemplateRun&) = delete;
  TemplateRun& operator=(const TemplateRun&) = delete;

  // Before the first line. `filter` must outlive the run.
  void begin(PageFilter& filter, Syntax syntax);
  // At the begin of a line `p`. Filled: a block was filled in, and `p` is behind it; Read: the line
  // is to be read; Wait: there is too little text to tell, which is not when it is `last`. Requires
  // a line end before `end`.
  enum class Step { Filled, Read, Wait };
  Step fill(const char*& p, const char* end, bool last);
  // Of the block that was filled in.
  std::size_t lineEnds() const { return line_ends_; }

  void startLine();
  void endLine(const Line& line, bool kept, std::size_t line_ends);
  // Before something else is said of the page than that it is whole: makes up for the filled
  // blocks.
  void goLive();
  // When the page is whole.
  void finish();
  // Bytes of the page that were filled in.
  std::size_t filled() const { return filled_; }
  // Whether the page is whole and was not all learned for want of room.
  bool lackedRoom() const { return whole_ && learns_ && !learning_; }
  // Whether that is most of the page.
  bool alike() const { return filled_ > 0 && filled_ >= read_; }

 private:
  void forget();
  bool fits(TemplateBlock& block, bool next);
  void take(std::size_t block, const char* begin, const char* end);
  void drop(std::size_t first, std::size_t last);
  std::shared_ptr<const PageFilter::Context> context() const;
  void open();
  void close(std::size_t needed);
  bool charge(std::size_t needed);
  bool hasValue(const Line& line, bool kept, std::string_view out) const;

  PageTemplate& page_;
  PageWriter& writer_;
  const std::size_t line_limit_;
  PageFilter* filter_ = nullptr;
  const bool learns_;
  bool learning_;  // until there is no room
  bool live_ = false;
  bool reading_ = false;    // the last line was read
  std::size_t at_ = 0;      // the block that comes next
  std::size_t tries_ = 0;   // that are left: how often a block may prove not to fit
  std::size_t filled_ = 0;  // bytes
  std::size_t read_ = 0;    // bytes
  std::size_t line_ends_ = 0;
  bool whole_ = false;
  std::vector<const char*> ends_;  // of the lines of the block that is filled in

  std::vector<TemplateBlock> next_;  // since live_, when it learns: blocks of the next template
  bool gap_ = false;                 // lines behind them have not been learned
  // The block that is being learned
  std::optional<TemplateBlock> block_;
  PageCounts counts_before_;
  std::size_t block_bytes_ = 0;
  std::size_t out_at_ = 0;  // in what is written, where the line begins
  EditWriter edits_;
};

}  // namespace postern::exposition
