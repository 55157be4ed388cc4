#include "exposition/families.h"

#include <limits>
#include <utility>

#include "exposition/family_index.h"
#include "exposition/page_reader.h"
#include "exposition/page_writer.h"
#include "exposition/sample_text.h"

namespace postern::exposition {
namespace {

constexpr Output kHeld{Syntax::OpenMetrics, /*version_1=*/true, Escaping::AllowUtf8};

// The first type of a family applies.
void giveType(Family& family, std::string_view type, Families& page) {
  if (family.type.empty()) {
    family.type = type;
  } else if (!type.empty() && type != family.type) {
    ++page.type_clashes;
  }
}

// Converts the sample lines of a held family to another format.
Result<std::string> rewrite(const Family& family, const Output& output) {
  PageOptions options;
  options.limits.line = std::numeric_limits<std::size_t>::max();
  PageWriter writer(output);
  PageReader reader(kHeld.syntax, options, writer);
  auto read = reader.feed(family.samples);
  if (read) read = reader.feed("# EOF\n");
  if (read) read = reader.finish();
  if (!read) return std::move(read).error();
  writer.settle();
  return std::move(writer.out());
}

}  // namespace

std::size_t Families::bytes() const {
  std::size_t sum = 0;
  for (const Family& family : families) {
    sum += family.name.size() + family.help.size() + family.samples.size();
  }
  return sum;
}

FamilyCollector::FamilyCollector(Families& page)
    : page_(page), index_(std::make_unique<FamilyIndex>(page)) {}

FamilyCollector::~FamilyCollector() = default;

void FamilyCollector::family(const FamilyHead& head) {
  const bool described = !head.type.empty() || !head.help.empty() || !head.unit.empty();
  Family& family = described ? index_->named(head.name) : index_->ofSample(head.name);
  family_ = &family;
  if (!described) return;
  family.quoted = head.quoted;
  giveType(family, head.type, page_);
  if (family.help.empty()) family.help = head.help;
  if (family.unit.empty()) family.unit = head.unit;
}

std::string_view FamilyCollector::sample(const Sample& sample, Syntax syntax) {
  ++page_.samples;
  const Line& line = sample.line;
  const bool timestamp = !line.timestamp.empty() && sample.keeps_timestamp;
  if (timestamp || !line.exemplar.empty() || sample.quoted || sample.quoted_labels) {
    family_->plain = false;
  } else if (!sample.rewritten && sample.inserted.empty() && line.timestamp.empty() &&
             !line.escapes && isCanonical(line)) {
    family_->samples += line.raw;
    return {};
  }
  return appendSample(family_->samples, sample, syntax, kHeld);
}

Result<Families> readFamilies(Syntax syntax, std::string_view page, const PageOptions& options) {
  Families families;
  FamilyCollector collector(families);
  PageReader reader(syntax, options, collector);
  auto read = reader.feed(page);
  if (read) read = reader.finish();
  if (!read) return std::move(read).error();
  return families;
}

void merge(Families& into, Families&& more) {
  FamilyIndex index(into);
  merge(into, index, std::move(more));
}

void merge(Families& into, FamilyIndex& index, Families&& more) {
  for (Family& family : more.families) {
    // Without a type it may be just the _sum of a histogram of the other page.
    Family& target = family.type.empty() ? index.ofSample(family.name) : index.named(family.name);
    giveType(target, family.type, into);
    if (target.name == family.name) {
      target.quoted = family.quoted;
      if (target.help.empty()) target.help = std::move(family.help);
      if (target.unit.empty()) target.unit = std::move(family.unit);
    }
    target.plain = target.plain && family.plain;
    if (target.samples.empty()) {
      target.samples = std::move(family.samples);
    } else {
      target.samples += family.samples;
    }
  }
  into.samples += more.samples;
  into.type_clashes += more.type_clashes;
}

Result<std::string> write(Families families, const Output& output) {
  PageWriter writer(output);
  constexpr std::size_t kMeta = 64;  // bytes of "# HELP", "# TYPE", names and type of a family
  writer.out().reserve(families.bytes() + kMeta * families.families.size());
  for (Family& held : families.families) {
    const Family family = std::move(held);
    writer.family({family.name, family.quoted, family.type, family.help, family.unit});
    const bool as_held =
        family.plain || (output.syntax == kHeld.syntax && output.escaping == kHeld.escaping);
    if (as_held) {
      writer.out() += family.samples;
      continue;
    }
    auto samples = rewrite(family, output);
    if (!samples) return samples;
    writer.out() += *samples;
  }
  writer.finish();
  return std::move(writer.out());
}

}  // namespace postern::exposition
