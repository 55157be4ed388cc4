#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "exposition/page_template.h"
#include "exposition/sink.h"

namespace postern::exposition {

// How one page uses a template, and what it learns for the next page. While the page is filled in
// block by block from its beginning, duplicates are not searched, because the earlier result
// applies if the whole page is filled in. Otherwise goLive() adds the state of the filled blocks,
// as if they had been read. The reader calls startLine() and endLine() around each line that it
// reads, except # EOF. Not thread-safe.
class TemplateRun {
 public:
  // All references must outlive the page. `line_limit` in bytes.
  TemplateRun(PageTemplate& page, bool learns, PageWriter& writer, std::size_t line_limit);
  ~TemplateRun();
  TemplateRun(const TemplateRun&) = delete;
  TemplateRun& operator=(const TemplateRun&) = delete;

  // Call before the first line. `filter` must outlive the run.
  void begin(PageChecker& filter, Syntax syntax);
  // At the beginning of a line `p`. Filled: a block was filled in, and `p` is after it. Read: the
  // caller must read the line. Wait: the text is too short to decide, which cannot be if it is the
  // `last`. Requires a line end before `end`.
  enum class Step { Filled, Read, Wait };
  Step fill(const char*& p, const char* end, bool last);
  // Of the block that was filled in.
  std::size_t lineEnds() const { return line_ends_; }

  void startLine();
  void endLine(const Line& line, bool kept, std::size_t line_ends);
  // Call before any result of the page except that it is complete: adds the state of the filled
  // blocks.
  void goLive();
  // Call when the page is complete.
  void finish();
  // Bytes of the page that were filled in.
  std::size_t filled() const { return filled_; }
  // Whether the page is complete and part of it was not learned because memory was short.
  bool lackedRoom() const { return whole_ && learns_ && !learning_; }
  // Whether that is most of the page.
  bool alike() const { return filled_ > 0 && filled_ >= read_; }

 private:
  void forget();
  bool fits(TemplateBlock& block, bool next);
  void take(std::size_t block, const char* begin, const char* end);
  void drop(std::size_t first, std::size_t last);
  std::shared_ptr<const PageChecker::Context> context() const;
  void open();
  void close(std::size_t needed);
  bool charge(std::size_t needed);
  bool hasValue(const Line& line, bool kept, std::string_view out) const;

  PageTemplate& page_;
  PageWriter& writer_;
  const std::size_t line_limit_;
  PageChecker* filter_ = nullptr;
  const bool learns_;
  bool learning_;  // until memory is short
  bool live_ = false;
  bool reading_ = false;    // the last line was read
  std::size_t at_ = 0;      // the next block
  std::size_t tries_ = 0;   // how many more blocks may fail to fit
  std::size_t filled_ = 0;  // bytes
  std::size_t read_ = 0;    // bytes
  std::size_t line_ends_ = 0;
  bool whole_ = false;
  std::vector<const char*> ends_;  // of the lines of the current block

  std::vector<TemplateBlock> next_;  // since live_, if it learns: blocks of the next template
  bool gap_ = false;                 // lines after them have not been learned
  // The block that is being learned.
  std::optional<TemplateBlock> block_;
  PageCounts counts_before_;
  std::size_t block_bytes_ = 0;
  std::size_t out_at_ = 0;  // start of the line in the output
  EditWriter edits_;
};

}  // namespace postern::exposition
