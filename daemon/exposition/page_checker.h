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
#include "config/format.h"
#include "config/limits.h"
#include "exposition/duplicate_search.h"
#include "exposition/page_counts.h"
#include "exposition/sink.h"
#include "exposition/strict.h"
#include "relabel/relabeler.h"

namespace postern::exposition {

struct PageOptions {
  config::Limits limits = {};
  bool honor_timestamps = true;
  bool strict = false;
  relabel::Relabeler* relabeler = nullptr;  // must outlive the page; null: samples are unchanged
  config::JsonFormats json_formats = {};    // that a page of no configured format may have
};

// The stage between the lines of a page and its sink. It makes the checks that Prometheus makes
// after its parser, checks strictness and limits, applies rules, and assigns samples to families.
// HELP and TYPE follow the samples: they are renamed or dropped with them.
//
// Memory is bounded by that of DuplicateSearch, the sink and the relabeler. Not thread-safe.
class PageChecker {
 public:
  PageChecker(Syntax syntax, const PageOptions& options, Sink& sink);

  struct FamilyState {  // as on the page
    std::string name;
    bool quoted = false;
    std::string type;
    std::string help;
    std::string unit;
    std::size_t read = 0;  // number of samples
    std::size_t kept = 0;
    bool operator==(const FamilyState&) const = default;
  };
  // The effect of earlier lines on later ones. Of the counts of the family it only has whether they
  // are zero. Null when lines are copied. Requires no `strict` and no family_series_limit.
  struct Context {
    FamilyState family;
    std::string sent_name;
    bool head_pending = false;
    bool operator==(const Context&) const = default;
  };

  // Takes every line in order. False: the page is refused; problem() says why.
  bool take(const Line& line);
  // Call at the end of the page.
  bool finish();

  // `at` points into the line, or is null when the text is enough.
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
  bool hasPendingHead() const { return !copies_ && head_pending_; }
  // Whether this many more samples may be kept.
  bool admits(std::size_t samples) const {
    return options_.limits.samples == 0 || counts_.kept + samples <= options_.limits.samples;
  }
  // Continues as if it had taken lines that lead to this context with these counts: read, kept,
  // unmatched and relabelled. The caller must add their series.
  void jump(const std::shared_ptr<const Context>& context, const PageCounts& lines);
  // The caller knows the duplicates of the whole page, which DuplicateSearch has not searched.
  void setDuplicates(const PageCounts& found);
  DuplicateSearch& duplicates() { return search_; }
  // Logs the series of kept samples; null: stops. The log must outlive its use.
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
  bool relabel(Sample& sample);
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
  const std::uint64_t inserted_hash_;  // of the labels that Inserted adds
  FamilyState family_;
  bool named_alike_ = false;       // the last line with a name had that of family_
  bool entered_ = false;           // the last such line was a sample
  std::uint64_t name_hash_ = 0;    // hash of the last sample's name
  std::uint64_t labels_hash_ = 0;  // hash of the labels of a rewritten sample
  std::string sent_name_;          // name of the last written sample; empty when family_ is new
  bool head_pending_ = false;      // HELP, TYPE or UNIT of family_ are not written yet
  // The labels of the last sample:
  bool quoted_labels_ = false;
  std::vector<std::uint64_t> label_hashes_;              // hashes of their names
  std::unordered_map<std::uint64_t, std::size_t> kept_;  // of families, for family_series_limit
  Problem problem_;
};

}  // namespace postern::exposition
