#include "exposition/families.h"

#include <utility>

#include "exposition/family_index.h"
#include "exposition/text_line.h"

namespace postern::exposition {
namespace {

void appendMeta(std::string& out, std::string_view keyword, std::string_view name,
                std::string_view text) {
  if (text.empty()) return;
  const std::string_view quote = isPlainMetricName(name) ? "" : "\"";
  out.append("# ").append(keyword).append(" ").append(quote).append(name).append(quote);
  out.append(" ").append(text).append("\n");
}

std::string escape(std::string_view text, std::string_view escaped) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (escaped.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      out += c == '\n' ? 'n' : c;
    }
  }
  return out;
}

}  // namespace

std::size_t Families::bytes() const {
  std::size_t sum = 0;
  for (const Family& family : families) {
    sum += family.name.size() + family.help.size() + family.samples.size();
  }
  return sum;
}

void merge(Families& into, Families&& more) {
  FamilyIndex index(into);
  for (Family& family : more.families) {
    // Without a type it may be nothing but the _sum of a histogram of the other page.
    Family& target = family.type.empty() ? index.ofSample(family.name) : index.named(family.name);
    if (target.type.empty()) target.type = std::move(family.type);
    if (target.help.empty() && target.name == family.name) target.help = std::move(family.help);
    if (target.samples.empty()) {
      target.samples = std::move(family.samples);
    } else {
      target.samples += family.samples;
    }
  }
  into.samples += more.samples;
}

std::string write(const Families& families) {
  std::string out;
  constexpr std::size_t kMeta = 64;  // bytes of "# HELP", "# TYPE", names and type of a family
  out.reserve(families.bytes() + kMeta * families.families.size());
  for (const Family& family : families.families) {
    appendMeta(out, "HELP", family.name, family.help);
    appendMeta(out, "TYPE", family.name, family.type);
    out += family.samples;
  }
  return out;
}

std::string escapeLabelValue(std::string_view value) {
  return escape(value, "\\\"\n");
}

std::string escapeHelp(std::string_view help) {
  return escape(help, "\\\n");
}

}  // namespace postern::exposition
