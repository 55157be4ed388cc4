#include "exposition/strict.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "unit/exposition/cases.h"
#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;

How strictly(Syntax syntax) {
  return {.syntax = syntax, .options = {.strict = true}, .output = kOpenMetrics1};
}

TEST(StrictTest, JudgesTheOpenMetricsSuite) {
  std::istringstream index(readData("exposition/openmetrics-suite/index.jsonl"));
  std::size_t seen = 0;
  for (std::string line; std::getline(index, line); ++seen) {
    const auto scene = nlohmann::json::parse(line);
    SCOPED_TRACE(scene.at("id").get<std::string>());
    const std::string page =
        readData("exposition/openmetrics-suite/" + scene.at("file").get<std::string>());

    const Checked checked = checkCut(page, strictly(Syntax::OpenMetrics));

    // A page without a sample is a failed scrape, but not for its grammar.
    const bool taken = checked.taken || checked.fault == Fault::Empty;
    EXPECT_EQ(taken, scene.at("shouldParse").get<bool>()) << checked.what << "\n" << page;
    if (checked.taken) {
      EXPECT_EQ(checked.text, page.ends_with('\n') ? page : page + "\n");
    }
  }
  EXPECT_EQ(seen, 211U);
}

// client_python's reader is a strict one; Prometheus' own cases are judged by its own reader.
TEST(StrictTest, JudgesTheCasesOfClientPythonAndPrometheus) {
  // Why a case is judged otherwise.
  static const std::string native = "Prometheus reads no native histogram in OpenMetrics text";
  static const std::map<std::string, std::string> deviations = {
      {"client_python/openmetrics/test_native_histogram_with_labels/0", native},
      {"client_python/openmetrics/test_native_histogram_with_classic_histogram/0", native}};
  std::istringstream cases(readData("exposition/text-cases.jsonl"));
  std::size_t seen = 0;
  for (std::string line; std::getline(cases, line);) {
    const auto scene = nlohmann::json::parse(line);
    if (scene.at("format") != "openmetrics") continue;
    ++seen;
    const std::string id = scene.at("id");
    SCOPED_TRACE(id);
    const bool strict = id.starts_with("client_python");
    const std::string page = inputOf(scene);

    const Checked checked = checkCut(
        page,
        {.syntax = Syntax::OpenMetrics, .options = {.strict = strict}, .output = kOpenMetrics1});

    if (scene.at("valid").is_null()) continue;
    const bool taken = checked.taken || checked.fault == Fault::Empty;
    EXPECT_EQ(taken, scene.at("valid").get<bool>() != deviations.contains(id))
        << checked.what << "\n"
        << page;
  }
  EXPECT_EQ(seen, 162U);
}

}  // namespace
}  // namespace postern::exposition
