#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/output.h"
#include "exposition/page_checker.h"
#include "exposition/sink.h"

namespace postern::exposition {

// One metric family in memory. `samples` are whole OpenMetrics lines (timestamps in seconds,
// exemplars) with the received value text.
struct Family {
  std::string name;  // as in FamilyHead, like the following members
  std::string type;
  std::string help;
  std::string samples;
  std::string unit = {};
  bool quoted = false;
  bool plain = true;  // no sample has a timestamp, an exemplar or a name in quotes
};

// Pages in memory, with families in the order in which they first appear.
struct Families {
  std::vector<Family> families;
  std::size_t samples = 0;
  std::size_t type_clashes = 0;  // families that appeared with a different type
  std::size_t bytes() const;     // bytes of names, help and samples
};

class FamilyIndex;

// Collects a page into families, without plain comments. Samples go to the family that their name
// and the TYPE lines indicate (x_bucket, x_sum and x_count belong to a histogram or summary x).
class FamilyCollector : public Sink {
 public:
  // `page` must outlive the collector.
  explicit FamilyCollector(Families& page);
  ~FamilyCollector() override;

  bool copies(Syntax) const override { return false; }
  void line(const Line&) override {}
  void family(const FamilyHead& head) override;
  std::string_view sample(const Sample& sample, Syntax syntax) override;
  void settle() override {}

 private:
  Families& page_;
  std::unique_ptr<FamilyIndex> index_;
  Family* family_ = nullptr;  // points into page_
};

// Reads a whole page. Errors: those of PageReader.
Result<Families> readFamilies(Syntax syntax, std::string_view page, const PageOptions& options);

// Adds the families of `more`: one HELP and TYPE per family, the first ones seen; samples of one
// family are adjacent. When two pages give a family different types, the first type applies to the
// samples of both, and type_clashes counts it.
void merge(Families& into, Families&& more);

// Writes the page in this format. Frees each family after it is written, so that a large page is
// not in memory twice. Error: Format, when a timestamp is before 1970, which text does not have.
Result<std::string> write(Families families, const Output& output);

}  // namespace postern::exposition
