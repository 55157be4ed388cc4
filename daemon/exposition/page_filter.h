#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "config/limits.h"
#include "exposition/duplicate_search.h"
#include "exposition/page_counts.h"
#include "exposition/reshaper.h"
#include "exposition/sink.h"
#include "exposition/strict.h"

namespace postern::exposition {

struct PageOptions {
  config::Limits limits = {};
  bool honor_timestamps = true;
  bool strict = false;
  Reshaper* reshaper = nullptr;  // must outlive the page; null: samples stay as they are
};

// What lies between the lines of a page and its sink: what Prometheus judges a step after its
// parser, strictness, reshaping, limits, and which family a sample belongs to. HELP and TYPE
// follow the samples: a family whose samples are renamed is, one whose samples are dropped is.
//
// Memory is bounded: by what DuplicateSearch, the sink and the reshaper take. Not thread-safe.
class PageFilter {
 public:
  PageFilter(Syntax syntax, const PageOptions& options, Sink& sink);

  struct Family {  // as the page has it
    std::string name;
    bool quoted = false;
    std::string type;
    std::string help;
    std::string unit;
    std::size_t read = 0;  // samples
    std::size_t kept = 0;
    bool operator==(const Family&) const = default;
  };
  // What earlier lines mean to those that follow; of the counts of the family only whether they are
  // zero. When lines are copied it is nothing at all. Requires no `strict` and no
  // family_series_limit.
  struct Context {
    Family family;
    std::string sent_name;
    bool untold = false;
    bool operator==(const Context&) const = default;
  };

  // Every line in its order. False: problem() tells why the page cannot be taken.
  bool take(const Line& line);
  // At the end of the page.
  bool finish();

  // `at` points into the line, or is null when the words alone tell.
  struct Problem {
    Fault fault = Fault::Format;
    const char* at = nullptr;
    std::string what;
  };
  const Problem& problem() const { return problem_; }
  const PageCounts& counts() const { return counts_; }

  // Null when lines are copied.
  std::shared_ptr<const Context> context() const;
  bool isAt(const std::shared_ptr<const Context>& context) const;
  // Whether the HELP, TYPE or UNIT of the last family wait for its first sample, or the page's end.
  bool hasPendingHead() const { return !copies_ && untold_; }
  // Whether so many more samples may be kept.
  bool admits(std::size_t samples) const {
    return options_.limits.samples == 0 || counts_.kept + samples <= options_.limits.samples;
  }
  // As if lines had been taken that lead to this context, and of which this became: read, kept,
  // unmatched and relabelled. Their series are the caller's to add.
  void jump(const std::shared_ptr<const Context>& context, const PageCounts& lines);
  // The caller found by another way what DuplicateSearch would have found on the whole page.
  void setDuplicates(const PageCounts& found);
  DuplicateSearch& duplicates() { return search_; }
  // Logs the series of samples that are kept; null: no more. The log must outlive its use.
  void logSeries(SeriesLog* log) { series_log_ = log; }

 private:
  bool fail(Fault fault, const char* at, std::string_view what);
  void takeMeta(const Line& line);
  bool takeSample(const Line& line);
  bool learnLabels(const Line& line);
  bool isFamilys(const Line& line) const;
  void enterFamily(const Line& line);
  void startFamily(std::string_view name, bool quoted);
  void endFamily();
  bool reshape(Sample& sample);
  bool withinLimits(const Sample& sample);
  SeriesHash hashSeries(const Sample& sample) const;
  bool searchDuplicate(const Sample& sample);
  bool refuseDuplicate(const SeriesHash& series, const char* at);
  void sendHead(const Sample& sample);
  void sendHead(std::string_view name, bool quoted, std::string_view type);

  const Syntax syntax_;
  const PageOptions options_;
  Sink& sink_;
  const bool copies_;
  const bool labels_limited_;
  std::optional<StrictChecker> strict_;
  PageCounts counts_;
  DuplicateSearch search_{counts_};
  SeriesLog* series_log_ = nullptr;
  const std::uint64_t inserted_hash_;  // of the labels of Inserted
  Family family_;
  bool named_alike_ = false;       // the last line that had a name had that of family_
  bool entered_ = false;           // the last such line was a sample
  std::uint64_t name_hash_ = 0;    // of the last sample's name
  std::uint64_t labels_hash_ = 0;  // of a sample that was rewritten
  std::string sent_name_;  // under which the last sample went out; empty when family_ is new
  bool untold_ = false;    // HELP, TYPE or UNIT of family_ have not been sent
  // Of the labels that the last sample had:
  bool quoted_labels_ = false;
  std::vector<std::uint64_t> label_hashes_;              // of their names
  std::unordered_map<std::uint64_t, std::size_t> kept_;  // of families, for family_series_limit
  Problem problem_;
};

}  // namespace postern::exposition
