// The cost of the exposition engine for each page: Google Benchmark over every .prom and .om file
// of the folder POSTERN_BENCH_PAGES, by default the real pages of tests/data. bytes_per_second
// counts input bytes. If POSTERN_BENCH_MERGE names a folder, the only case is `merge`: it merges
// all text pages of that folder. Debian package: libbenchmark-dev
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exposition/families.h"
#include "exposition/family_index.h"
#include "exposition/page_pipeline.h"
#include "exposition/page_reader.h"
#include "exposition/page_writer.h"
#include "fakes/test_data.h"
#include "scrape/relabeler_pool.h"

namespace {

using namespace postern;
using exposition::Output;
using exposition::Syntax;

constexpr std::size_t kBlock = 64U << 10;  // as the daemon reads it
constexpr Output kText{};
constexpr Output kOpenMetrics{Syntax::OpenMetrics, true, exposition::Escaping::AllowUtf8};

config::Reshape twoLabels() {
  return {.labels = {{"cluster", "eu-1"}, {"region", "north"}}};
}

// As in kube-prometheus and others: drop families and series; copy, rename, lowercase, drop and set
// labels. relay.py has the same rules.
config::Reshape tenRules() {
  using enum config::RelabelAction;
  config::Reshape config;
  config.metric_relabel_configs = {
      {.action = Keep, .source_labels = {"__name__"}, .regex = "[a-z].*"},
      {.action = Drop, .source_labels = {"__name__"}, .regex = "go_.*|process_.*"},
      {.action = Drop, .source_labels = {"__name__"}, .regex = "etcd_(debugging|disk|server).*"},
      {.action = Drop,
       .source_labels = {"__name__", "namespace"},
       .regex = "container_(fs|spec)_.*;kube-.*"},
      {.action = Drop, .source_labels = {"namespace", "container"}, .regex = "kube-system;POD"},
      {.source_labels = {"namespace"}, .regex = "team-(.*)", .target_label = "team"},
      {.action = LabelDrop, .regex = "uid"},
      {.action = LabelMap, .regex = "(node)", .replacement = "host_$1"},
      {.action = Lowercase, .source_labels = {"container"}, .target_label = "container"},
      {.target_label = "cluster", .replacement = "eu-1"}};
  return config;
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run(benchmark::State& state, const std::string& page, Syntax syntax, const Output& output,
         const config::Reshape& config) {
  scrape::RelabelerPool relabelers(config);
  for ([[maybe_unused]] const auto& round : state) {
    const auto relabeler = relabelers.lease();
    exposition::PageWriter writer(output);
    exposition::PageOptions options;
    options.relabeler = relabeler.get();
    exposition::PageReader reader(syntax, options, writer);
    Result<void> read;
    for (std::size_t at = 0; read && at < page.size(); at += kBlock) {
      read = reader.feed(std::string_view(page).substr(at, kBlock));
      benchmark::DoNotOptimize(writer.out().data());
      writer.out().clear();
    }
    if (read) read = reader.finish();
    if (!read) state.SkipWithError(read.error().what.c_str());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * page.size()));
}

// The same page in each scrape, by its template; with `first` each time as the first page, which
// builds the template.
void runAgain(benchmark::State& state, const std::string& page, postern::config::Format format,
              const Output& output, const config::Reshape& config, bool first) {
  scrape::RelabelerPool relabelers(config);
  auto store = std::make_unique<exposition::PageTemplateStore>();
  for ([[maybe_unused]] const auto& round : state) {
    const auto relabeler = relabelers.lease();
    exposition::PageOptions options;
    options.relabeler = relabeler.get();
    if (first) store = std::make_unique<exposition::PageTemplateStore>();
    exposition::PagePipeline pipeline(
        format, options, output,
        [](const postern::config::JsonFormat&, std::string_view) -> Result<std::string> {
          return std::string();
        },
        store.get());
    Result<void> read;
    for (std::size_t at = 0; read && at < page.size(); at += kBlock) {
      read = pipeline.feed(std::string_view(page).substr(at, kBlock));
      benchmark::DoNotOptimize(pipeline.out().data());
      pipeline.out().clear();
    }
    if (read) read = pipeline.finish();
    if (!read) state.SkipWithError(read.error().what.c_str());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * page.size()));
}

// As in a target with several pages: each is held as families, and all are written together.
void merge(benchmark::State& state, const std::vector<std::string>& pages) {
  std::size_t bytes = 0;
  for (const auto& page : pages) bytes += page.size();
  for ([[maybe_unused]] const auto& round : state) {
    std::vector<exposition::Families> held;
    for (const auto& page : pages) {
      auto families = exposition::readFamilies(Syntax::Text, page, {});
      if (!families) return state.SkipWithError(families.error().what.c_str());
      held.push_back(*std::move(families));
    }
    exposition::Families merged;
    exposition::FamilyIndex index(merged);
    for (auto& families : held) exposition::merge(merged, index, std::move(families));
    const auto text = exposition::write(std::move(merged), kText);
    if (!text) return state.SkipWithError(text.error().what.c_str());
    benchmark::DoNotOptimize(text->data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}

void addMerge(const std::filesystem::path& folder) {
  std::vector<std::string> pages;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    pages.push_back(contents(entry.path()));
  benchmark::RegisterBenchmark("merge", [pages](benchmark::State& state) {
    merge(state, pages);
  })->Unit(benchmark::kMillisecond);
}

void add(const std::string& name, const std::string& page, Syntax syntax, const Output& output,
         const config::Reshape& config) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    run(state, page, syntax, output, config);
  })->Unit(benchmark::kMillisecond);
  const auto format =
      syntax == Syntax::Text ? postern::config::Format::Text : postern::config::Format::OpenMetrics;
  for (const bool first : {true, false}) {
    const std::string again = name + (first ? "_first" : "_again");
    benchmark::RegisterBenchmark(again.c_str(), [=](benchmark::State& state) {
      runAgain(state, page, format, output, config, first);
    })->Unit(benchmark::kMillisecond);
  }
}

void addAll(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const std::string page = contents(file);
  const bool openmetrics = file.extension() == ".om";
  const Syntax syntax = openmetrics ? Syntax::OpenMetrics : Syntax::Text;
  const Output same = openmetrics ? kOpenMetrics : kText;
  add(name + "/check", page, syntax, same, {});
  add(name + "/labels", page, syntax, same, twoLabels());
  add(name + "/rules", page, syntax, same, tenRules());
  add(name + (openmetrics ? "/to_text" : "/to_openmetrics"), page, syntax,
      openmetrics ? kText : kOpenMetrics, {});
}

void addPages() {
  const char* given = std::getenv("POSTERN_BENCH_PAGES");
  const std::filesystem::path folder =
      given != nullptr ? std::filesystem::path(given) : postern::testing::dataFolder() / "pages";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".prom" || extension == ".om") addAll(entry.path());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const char* merged = std::getenv("POSTERN_BENCH_MERGE");
  if (merged != nullptr) {
    addMerge(merged);
  } else {
    addPages();
  }
  benchmark::Initialize(&count, arguments);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
