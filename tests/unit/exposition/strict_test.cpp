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

// client_python's parser is strict; Prometheus' own cases follow its own parser.
TEST(StrictTest, JudgesTheCasesOfClientPythonAndPrometheus) {
  // Why a case has another result.
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

// The rules of OpenMetrics, applied to text pages as well.
TEST(StrictTest, SaysWhatATextPageShouldMean) {
  struct Scene {
    std::string page;
    std::string complaint;  // empty: the page is taken
  };
  const std::string histogram = "# TYPE a histogram\n";
  const std::string summary = "# TYPE a summary\n";
  for (const auto& [page, complaint] : std::vector<Scene>{
           {"a 1\na{b=\"c\"} 2\n", ""},
           {"a_total -1\n", ""},
           {"# TYPE a_total counter\na_total -1\n",
            "line 2, column 9: expected a number that is not negative"},
           {"# TYPE a_total counter\na_total NaN\n", "a count, not NaN"},
           {"a 1\n# HELP a h\n", "HELP, TYPE and UNIT of a family before its samples"},
           {"# HELP a h\n# HELP a h\na 1\n", "HELP, TYPE and UNIT of a family once"},
           {"# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na 2\n", "a family in one piece"},
           {"a 1\na 1\n", "line 2, column 1: expected a unique series on the page, found"},
           {"a{b=\"c\"} 1\na 1\na{b=\"c\",d=\"\"} 2\n", "a unique series on the page, found"},
           {histogram + "a_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 3\n", ""},
           {histogram + "a_bucket{le=\"+Inf\"} 2\na_bucket{le=\"1\"} 1\na_count 2\na_sum 3\n",
            "line 3"},
           {histogram + "a_bucket{le=\"1\"} 3\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 3\n",
            "line 3"},
           {histogram + "a_bucket{le=\"1\"} 1\na_count 1\na_sum 3\n", "+Inf"},
           {histogram + "a_bucket{le=\"+Inf\"} 1\na_count 2\na_sum 3\n",
            "line 4: expected a count equal to the bucket"},
           {histogram + "a_bucket{le=\"x\"} 1\n", "a number, or +Inf, as the bound of a bucket"},
           {histogram + "a_bucket 1\n", "a label le at a bucket"},
           {histogram + "a_bucket{le=\"+Inf\"} 1.5\n", "a whole number"},
           {summary + "a{quantile=\"0.5\"} 1\na_count 1\na_sum 1\n", ""},
           {summary + "a{quantile=\"1.5\"} 1\n", "a quantile from 0 to 1"},
           {summary + "a{quantile=\"0.5\"} -1\n", "a quantile that is not negative"},
           {"a{b=\"c\"} 1 5\na{b=\"d\"} 1\n", ""},
           {"a 1 5\na 1 4\n", "timestamps that do not decrease"},
       }) {
    SCOPED_TRACE(page);
    const Checked checked = checkCut(page, {.options = {.strict = true}});
    EXPECT_EQ(checked.taken, complaint.empty()) << checked.what;
    EXPECT_THAT(checked.what, HasSubstr(complaint));
    EXPECT_TRUE(checkCut(page).taken);  // as Prometheus takes it
  }
}

}  // namespace
}  // namespace postern::exposition
