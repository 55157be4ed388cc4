#include "exposition/template_run.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::exposition {
namespace {

constexpr std::size_t kAhead = 8;                // blocks that a page may skip
constexpr std::size_t kMostLiterals = 1U << 20;  // bytes; beyond them the template is dropped

}  // namespace

TemplateRun::TemplateRun(PageTemplate& page, bool learns, PageWriter& writer,
                         std::size_t line_limit)
    : page_(page),
      writer_(writer),
      line_limit_(line_limit),
      learns_(learns),
      learning_(learns),
      tries_(2 * page.blocks.size() + kAhead),
      edits_(page.literals) {}

TemplateRun::~TemplateRun() {
  if (filter_ != nullptr) filter_->logSeries(nullptr);
  writer_.logNames(nullptr);
  page_.literals.dropIndex();
  if (whole_) page_.page_bytes = filled_ + read_;
  if (!learns_ || !live_) return;
  if (!whole_ && at_ < page_.blocks.size()) {
    page_.blocks[at_].gap = true;
    std::move(page_.blocks.begin() + static_cast<std::ptrdiff_t>(at_), page_.blocks.end(),
              std::back_inserter(next_));
  }
  page_.blocks = std::move(next_);
  page_.duplicates.reset();
  if (whole_ && !gap_) page_.duplicates = filter_->counts();
  if (page_.literals.bytes() > kMostLiterals) forget();
}

void TemplateRun::begin(PageChecker& filter, Syntax syntax) {
  filter_ = &filter;
  if (page_.syntax != syntax) forget();
  page_.syntax = syntax;
}

void TemplateRun::forget() {
  const std::size_t block_bytes = page_.block_bytes;
  page_ = {};
  page_.block_bytes = block_bytes;
}

TemplateRun::Step TemplateRun::fill(const char*& p, const char* end, bool last) {
  const auto left = static_cast<std::size_t>(end - p);
  const std::size_t beyond = std::min(page_.blocks.size(), at_ + kAhead);
  std::size_t hashed = 0;  // bytes
  std::uint64_t hash = 0;
  for (std::size_t i = at_; i < beyond && tries_ > 0; ++i) {
    TemplateBlock& block = page_.blocks[i];
    const bool next = i == at_ && !reading_;
    if (left < block.first) {
      if (next && !last) return Step::Wait;
      continue;
    }
    if (block.first == 0) continue;  // dropped
    if (hashed != block.first) hash = hashLine(0, {p, hashed = block.first});
    if (hash != block.first_hash) continue;
    const char* behind = p;
    const TemplateBlock::Fit fit = block.match(behind, end, ends_);
    if (fit == TemplateBlock::Fit::Short && !last) return Step::Wait;
    if (fit == TemplateBlock::Fit::Fits && fits(block, next)) {
      take(i, p, behind);
      p = behind;
      return Step::Filled;
    }
    --tries_;
  }
  return Step::Read;
}

// Whether the result of the block would be the same here.
bool TemplateRun::fits(TemplateBlock& block, bool next) {
  if (!filter_->admits(block.counts.kept)) return false;
  if (!live_ && next && !block.gap) return true;
  goLive();
  return filter_->isAt(block.before) && writer_.canRepeat(block.names);
}

void TemplateRun::take(std::size_t block, const char* begin, const char* end) {
  close(block);
  TemplateBlock& taken = page_.blocks[block];
  writer_.settle();
  if (taken.copied) {
    writer_.out().append(begin, end);
  } else {
    taken.write(begin, ends_, page_.literals, writer_.out());
  }
  if (live_) {
    writer_.repeat(taken.names);
    for (std::size_t i = 0; i < taken.series.size(); ++i) {
      filter_->duplicates().addLater(taken.series[i]);
    }
  }
  filter_->jump(taken.after, taken.counts);
  filled_ += static_cast<std::size_t>(end - begin);
  reading_ = false;
  line_ends_ = taken.line_ends;
  if (learns_ && live_) {
    drop(at_, block);
    taken.gap = std::exchange(gap_, false);
    next_.push_back(std::move(taken));
  }
  at_ = block + 1;
}

// Frees the memory of blocks that the page no longer has.
void TemplateRun::drop(std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last; ++i) page_.blocks[i] = {};
}

void TemplateRun::goLive() {
  if (live_ || filter_ == nullptr) return;
  live_ = true;
  for (std::size_t i = 0; i < at_; ++i) {
    TemplateBlock& block = page_.blocks[i];
    writer_.repeat(block.names);
    for (std::size_t j = 0; j < block.series.size(); ++j) {
      filter_->duplicates().addLater(block.series[j]);
    }
    if (learns_) next_.push_back(std::move(block));
  }
}

void TemplateRun::finish() {
  whole_ = true;
  // A head that is written behind the blocks must know which families they have written.
  const bool filled =
      !live_ && at_ == page_.blocks.size() && page_.duplicates && !filter_->hasPendingHead();
  if (filled) {
    filter_->setDuplicates(*page_.duplicates);
  } else {
    goLive();
    close(page_.blocks.size());
  }
}

void TemplateRun::startLine() {
  goLive();
  reading_ = true;
  if (!block_ && learning_) open();
  if (!block_) gap_ = true;
  out_at_ = writer_.out().size();
}

// The context of the last block, if it left the same one.
std::shared_ptr<const PageChecker::Context> TemplateRun::context() const {
  const bool same = !next_.empty() && filter_->isAt(next_.back().after);
  return same ? next_.back().after : filter_->context();
}

void TemplateRun::open() {
  writer_.settle();
  block_.emplace();
  block_->copied = true;
  block_->before = context();
  counts_before_ = filter_->counts();
  block_bytes_ = 0;
  filter_->logSeries(&block_->series);
  writer_.logNames(&block_->names);
}

// Whether the line ends in a value that may change. A line with a timestamp, an exemplar or blanks
// after it does not.
bool TemplateRun::hasValue(const Line& line, bool kept, std::string_view out) const {
  if (line.kind != LineKind::Sample || line.raw.size() + kLongestValue > line_limit_) return false;
  const char* const end = line.raw.data() + line.raw.size();
  if (line.value.data() + line.value.size() + 1 != end) return false;
  if (behindValue(line.value.data(), end) != end - 1) return false;
  return !kept || out.ends_with(std::string_view(line.value.data(), line.value.size() + 1));
}

void TemplateRun::endLine(const Line& line, bool kept, std::size_t line_ends) {
  read_ += line.raw.size();
  if (!block_) return;
  writer_.settle();
  TemplateBlock& block = *block_;
  std::string_view out = std::string_view(writer_.out()).substr(out_at_);
  const bool value = hasValue(line, kept, out);
  const std::size_t tail = value ? line.value.size() + 1 : 0;
  const std::string_view in = line.raw.substr(0, line.raw.size() - tail);
  const bool copied = out == line.raw;
  if (value && kept) out.remove_suffix(tail);
  if (block.lengths.empty()) {
    block.first = in.size();
    block.first_hash = hashLine(0, in);
  }
  block.hash = hashLine(block.hash, in);
  appendVarint(block.lengths, in.size() << 1 | (value ? 1 : 0));
  edits_.write(block.edits, in, out, value && kept);
  block.copied = block.copied && copied;
  block.least_bytes += in.size() + (value ? 2 : 0);
  block.out_bytes += out.size();
  block.line_ends += line_ends;
  block_bytes_ += line.raw.size();
  if (block_bytes_ >= page_.block_bytes) close(page_.blocks.size());
}

// Adds the learned block to the next template if there is room for it.
void TemplateRun::close(std::size_t needed) {
  if (!block_) return;
  TemplateBlock& block = *block_;
  filter_->logSeries(nullptr);
  writer_.logNames(nullptr);
  if (block.copied) block.edits.clear();
  block.edits.shrink_to_fit();
  block.lengths.shrink_to_fit();
  block.series.shrink();
  block.after = filter_->isAt(block.before) ? block.before : filter_->context();
  const PageCounts& counts = filter_->counts();
  block.counts.read = counts.read - counts_before_.read;
  block.counts.kept = counts.kept - counts_before_.kept;
  block.counts.unmatched = counts.unmatched - counts_before_.unmatched;
  block.counts.relabelled = counts.relabelled - counts_before_.relabelled;
  if (!block.lengths.empty() && !block.names.full && charge(needed)) {
    block.gap = std::exchange(gap_, false);
    next_.push_back(std::move(block));
  } else {
    gap_ = true;
  }
  block_.reset();
}

// To make room for the learned block, drops blocks that came next on the last page, except for the
// needed ones.
bool TemplateRun::charge(std::size_t needed) {
  while (!block_->bytes.resize(block_->size()) ||
         !page_.literal_bytes.resize(page_.literals.bytes())) {
    learning_ = at_ < needed;
    if (!learning_) return false;
    drop(at_, at_ + 1);
    ++at_;
  }
  return true;
}

}  // namespace postern::exposition
