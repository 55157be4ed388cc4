// Rewrites text pages for the comparison with expfmt. Repeatedly reads "MODE SIZE\n" and a page of
// that many bytes. Answers "yes SIZE\n" and the resulting page, or "no SIZE\n" and the reason.
// Modes: copy; relabel, by rules that rewrite every line without a change; held, family by family
// as in merged pages; openmetrics, to OpenMetrics and back.
#include <iostream>
#include <string>

#include "exposition/families.h"
#include "exposition/page_reader.h"
#include "exposition/page_writer.h"
#include "relabel/relabeler.h"

namespace {

using namespace postern;
using exposition::Output;
using exposition::Syntax;

constexpr Output kText{Syntax::Text, true, exposition::Escaping::AllowUtf8};
constexpr Output kOpenMetrics{Syntax::OpenMetrics, true, exposition::Escaping::AllowUtf8};

Result<std::string> rewrite(Syntax syntax, const Output& output, std::string_view page,
                            relabel::Relabeler* relabeler = nullptr) {
  exposition::PageWriter writer(output);
  exposition::PageOptions options;
  options.relabeler = relabeler;
  exposition::PageReader reader(syntax, options, writer);
  if (auto fed = reader.feed(page); !fed) return fed.error();
  if (auto finished = reader.finish(); !finished) return finished.error();
  writer.finish();
  return writer.out();
}

Result<std::string> rewrite(const std::string& mode, const std::string& page) {
  if (mode == "relabel") {
    config::Reshape config{.labels = {{"added_and_dropped", "x"}}};
    config.metric_relabel_configs = {
        {.action = config::RelabelAction::LabelDrop, .regex = "added_and_dropped"}};
    relabel::Relabeler relabeler(relabel::Rules::compile(config, {}));
    return rewrite(Syntax::Text, kText, page, &relabeler);
  }
  if (mode == "held") {
    const auto families = exposition::readFamilies(Syntax::Text, page, {});
    if (!families) return families.error();
    return exposition::write(*families, kText);
  }
  if (mode == "openmetrics") {
    const auto there = rewrite(Syntax::Text, kOpenMetrics, page);
    if (!there) return there;
    return rewrite(Syntax::OpenMetrics, kText, *there);
  }
  return rewrite(Syntax::Text, kText, page);
}

}  // namespace

int main() {
  std::string mode;
  for (std::size_t size = 0; std::cin >> mode >> size;) {
    std::string page(size, '\0');
    std::cin.get();
    std::cin.read(page.data(), static_cast<std::streamsize>(size));
    const auto result = rewrite(mode, page);
    const std::string& text = result ? *result : result.error().what;
    std::cout << (result ? "yes " : "no ") << text.size() << '\n' << text << std::flush;
  }
}
