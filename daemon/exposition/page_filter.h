#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "config/limits.h"
#include "exposition/hash.h"
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

struct PageCounts {
  std::size_t read = 0;
  std::size_t kept = 0;
  // Why the others were not:
  std::size_t unmatched = 0;   // by `match`
  std::size_t relabelled = 0;  // by metric_relabel_configs
  std::size_t excess = 0;      // by family_series_limit
  std::size_t nan = 0;         // a value that JSON has as the text "NaN"
  // Of those kept, whose series is on the page already:
  std::size_t duplicates = 0;          // as the service sent it
  std::size_t relabel_duplicates = 0;  // because rules made one series of two
  bool checks_skipped = false;         // the page was too large to look for all of them

  bool operator==(const PageCounts&) const = default;
  PageCounts& operator+=(const PageCounts& other);
};

// What lies between the lines of a page and its sink: what Prometheus judges a step after its
// parser, strictness, reshaping, limits, and which family a sample belongs to. HELP and TYPE
// follow the samples: a family whose samples are renamed is, one whose samples are dropped is.
//
// Memory is bounded: 1 MiB for the search of duplicate series, as much again where rules change
// series, and what the sink and the reshaper take. Not thread-safe.
class PageFilter {
 public:
  PageFilter(Syntax syntax, const PageOptions& options, Sink& sink);

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

 private:
  struct Family {  // as the page has it
    std::string name;
    bool quoted = false;
    std::string type;
    std::string help;
    std::string unit;
    std::size_t read = 0;  // samples
    std::size_t kept = 0;
  };

  // Hashes of a series: as it goes out, and as it came with what Inserted adds. They are equal for
  // samples whose series no rule changes.
  struct SeriesHash {
    std::uint64_t out = 0;
    std::uint64_t in = 0;
  };

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
  bool searchDuplicate(const SeriesHash& series, const char* at);
  void sendHead(const Sample& sample);
  void sendHead(std::string_view name, bool quoted, std::string_view type);

  const Syntax syntax_;
  const PageOptions options_;
  Sink& sink_;
  const bool copies_;
  const bool labels_limited_;
  std::optional<StrictChecker> strict_;
  bool search_ = true;
  HashSet series_;
  // The series as they came: a duplicate in series_ that is new in here was made by rules. None as
  // long as no rule has changed a series: then it would be equal to series_.
  std::optional<HashSet> came_;
  const std::uint64_t inserted_hash_;    // of the labels of Inserted
  std::array<SeriesHash, 8> awaited_{};  // that are still to be looked for; `out` 0: none
  std::size_t awaited_at_ = 0;
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
  PageCounts counts_;
  Problem problem_;
};

}  // namespace postern::exposition
