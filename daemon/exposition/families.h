#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/output.h"
#include "exposition/page_filter.h"
#include "exposition/sink.h"

namespace postern::exposition {

// One metric family, held whole. `samples` are whole lines as OpenMetrics has them (timestamps in
// seconds, exemplars), value text as it came.
struct Family {
  std::string name;  // as in FamilyHead, as is what follows
  std::string type;
  std::string help;
  std::string samples;
  std::string unit = {};
  bool quoted = false;
  bool plain = true;  // no sample has a timestamp, an exemplar or a name in quotes
};

// Pages that are held whole, families in the order in which they first appear.
struct Families {
  std::vector<Family> families;
  std::size_t samples = 0;
  std::size_t type_clashes = 0;  // families that came with another type than they have
  std::size_t bytes() const;     // of names, help and samples
};

class FamilyIndex;

// Takes a page into families; plain comments are left out. Samples go to the family that their
// name and the TYPE lines say (x_bucket, x_sum and x_count belong to a histogram or summary x).
class FamilyCollector : public Sink {
 public:
  // The page must outlive it.
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
  Family* family_ = nullptr;  // of page_
};

// A whole page. Errors: those of PageReader.
Result<Families> readFamilies(Syntax syntax, std::string_view page, const PageOptions& options);

// WhatsApp's JSON of /metrics and /v1/stats/*: single and multiconnect, whose whole key
// "<host>:<container>" becomes the label `node` unless the sample has one; histogram samples
// {bucket,sum,count}; labels absent or `[]`. Numbers are copied as text, a string counts when
// Prometheus reads it as a value. A metric or label name that needs quotes is refused; a type
// that text does not know becomes untyped.
// Errors: Format (says where), Empty.
Result<Families> parseWhatsappJson(std::string_view json);

// Adds what `more` holds: one HELP and TYPE per family, the first ones seen; samples of one
// family stand together. When two pages give one family different types, the first type that is
// given stands, the samples of both follow it, and type_clashes tells.
void merge(Families& into, Families&& more);

// The page in this form. Each family is freed when it is written, so that a large page does not
// stand in memory twice. Error: Format, when a timestamp lies before 1970, which text has not.
Result<std::string> write(Families families, const Output& output);

// A label value as text 0.0.4 writes it: \\, \" and \n escaped.
std::string escapeLabelValue(std::string_view value);
// A HELP text: \\ and \n escaped.
std::string escapeHelp(std::string_view help);

}  // namespace postern::exposition
