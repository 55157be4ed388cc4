#include "exposition/negotiate.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::Contains;
using ::testing::SizeIs;

constexpr Output kText = {};
constexpr Output kAcceptedText1 = {Syntax::Text, true, Escaping::Underscores};
constexpr Output kOpenMetrics = {Syntax::OpenMetrics, false, Escaping::Underscores};
constexpr Output kAcceptedOpenMetrics1 = {Syntax::OpenMetrics, true, Escaping::Underscores};

Output with(Output output, Escaping escaping) {
  output.escaping = escaping;
  return output;
}

void expectForm(std::string_view accept, const Output& expected) {
  SCOPED_TRACE(accept);
  const Output output = negotiate(accept);
  EXPECT_EQ(contentType(output), contentType(expected));
  EXPECT_TRUE(output == expected);
}

TEST(NegotiateTest, GivesEachScraperWhatItPrefers) {
  const auto cases = nlohmann::json::parse(readData("scrape-protocol/negotiation_cases.json"));
  EXPECT_THAT(cases, SizeIs(27));
  for (const auto& scene : cases) {
    SCOPED_TRACE(scene["id"].get<std::string>());
    const auto accept =
        scene["accept"].is_null() ? std::string() : scene["accept"].get<std::string>();
    const std::string type = contentType(negotiate(accept));
    const std::string media = type.substr(0, type.find(';'));
    EXPECT_EQ(media, scene["prefer"].get<std::string>());
    EXPECT_THAT(scene["acceptable"].get<std::vector<std::string>>(), Contains(media));
  }
}

TEST(NegotiateTest, GivesEveryPrometheusOpenMetrics) {
  const auto headers = nlohmann::json::parse(readData("scrape-protocol/accept_headers.json"));
  EXPECT_GT(headers.size(), 20U);
  for (const auto& header : headers) {
    const auto accept = header["default"].get<std::string>();
    const bool utf8 = accept.find("allow-utf-8") != std::string::npos;
    expectForm(accept,
               with(kAcceptedOpenMetrics1, utf8 ? Escaping::AllowUtf8 : Escaping::Underscores));
    expectForm(header["default_legacy_names"].get<std::string>(), kAcceptedOpenMetrics1);
  }
}

TEST(NegotiateTest, TakesTheHighestQuality) {
  expectForm("text/plain;q=0.2,application/openmetrics-text;q=0.3", kOpenMetrics);
  expectForm("text/plain;q=0.300,application/openmetrics-text;q=0.2", kText);
  expectForm("text/plain;version=1.0.0;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4",
             kAcceptedText1);
  // Equal quality: types without a * first, then in order
  expectForm("*/*,application/openmetrics-text", kOpenMetrics);
  expectForm("text/*,application/openmetrics-text", kOpenMetrics);
  expectForm("*/*,application/*", kOpenMetrics);
  expectForm("text/plain,application/openmetrics-text;version=1.0.0", kText);
  expectForm("application/openmetrics-text;version=1.0.0,text/plain", kAcceptedOpenMetrics1);
}

TEST(NegotiateTest, ExcludesWhatHasNoQuality) {
  expectForm("text/plain;q=0,*/*", kOpenMetrics);
  expectForm("text/plain;q=0.0,*/*;q=0.1", kOpenMetrics);
  expectForm("application/openmetrics-text;q=0,application/*", kText);
  expectForm("application/openmetrics-text;q=0,application/openmetrics-text;version=1.0.0",
             kAcceptedOpenMetrics1);
  expectForm("application/openmetrics-text;version=1.0.0;q=0,application/openmetrics-text",
             kOpenMetrics);
  expectForm("*/*;q=0", kText);
}

TEST(NegotiateTest, ToleratesQualitiesThatAreNone) {
  expectForm("application/openmetrics-text;q=2,text/plain;q=0.9", kOpenMetrics);
  expectForm("application/openmetrics-text;q=1e300,text/plain;q=0.9", kOpenMetrics);
  expectForm("application/openmetrics-text;q=-1,text/plain;q=0.1", kText);
  expectForm("application/openmetrics-text;q=high,text/plain;q=0.9", kOpenMetrics);
  expectForm("application/openmetrics-text;q=nan,text/plain;q=0.9", kOpenMetrics);
  expectForm("application/openmetrics-text;q=,text/plain;q=0.9", kOpenMetrics);
  expectForm("application/openmetrics-text;q,text/plain;q=0.9", kOpenMetrics);
  expectForm("application/openmetrics-text;q=0.12345678,text/plain;q=0.1", kOpenMetrics);
}

TEST(NegotiateTest, GivesVersion1ToThoseWhoNameIt) {
  expectForm("application/openmetrics-text", kOpenMetrics);
  expectForm("application/openmetrics-text;version=0.0.1", kOpenMetrics);
  expectForm("application/openmetrics-text;version=1.0.0", kAcceptedOpenMetrics1);
  expectForm("text/plain", kText);
  expectForm("text/plain;version=0.0.4", kText);
  expectForm("text/plain;version=1.0.0", kAcceptedText1);
  // Unknown
  expectForm("application/openmetrics-text;version=2.0.0", kText);
  expectForm("application/openmetrics-text;version=0.0.4", kText);
  expectForm("text/plain;version=0.0.3,application/openmetrics-text;q=0.1", kOpenMetrics);
}

TEST(NegotiateTest, ReadsWildcards) {
  expectForm("*", kText);
  expectForm("*/*", kText);
  expectForm("text/*", kText);
  expectForm("application/*", kOpenMetrics);
  expectForm("application/*;version=1.0.0", kAcceptedOpenMetrics1);
  expectForm("image/*,application/json", kText);
}

TEST(NegotiateTest, ReadsParametersHoweverTheyAreWritten) {
  expectForm(" application/openmetrics-text ; version = 1.0.0 ; q=0.5 , text/plain;q=0.4",
             kAcceptedOpenMetrics1);
  expectForm("application/openmetrics-text;version=\"1.0.0\"", kAcceptedOpenMetrics1);
  expectForm("application/openmetrics-text;x=\"a,b;c\\\",\";version=1.0.0", kAcceptedOpenMetrics1);
  expectForm("Application/OpenMetrics-Text;Version=1.0.0;Escaping=Allow-UTF-8",
             with(kAcceptedOpenMetrics1, Escaping::AllowUtf8));
  expectForm("application/openmetrics-text;charset=utf-8;version=1.0.0", kAcceptedOpenMetrics1);
  // Twice: the last one
  expectForm("application/openmetrics-text;version=0.0.1;version=1.0.0", kAcceptedOpenMetrics1);
  expectForm("application/openmetrics-text;q=0;q=1", kOpenMetrics);
}

TEST(NegotiateTest, ReadsTheEscaping) {
  expectForm("text/plain;version=1.0.0;escaping=allow-utf-8",
             with(kAcceptedText1, Escaping::AllowUtf8));
  expectForm("text/plain;version=1.0.0;escaping=dots", with(kAcceptedText1, Escaping::Dots));
  expectForm("text/plain;escaping=values", with(kText, Escaping::Values));
  expectForm("application/openmetrics-text;version=1.0.0;escaping=underscores",
             kAcceptedOpenMetrics1);
  expectForm("application/openmetrics-text;version=1.0.0;escaping=none", kAcceptedOpenMetrics1);
  // Names in quotes need a version 1.0.0
  expectForm("text/plain;version=0.0.4;escaping=allow-utf-8", kText);
  expectForm("application/openmetrics-text;version=0.0.1;escaping=allow-utf-8", kOpenMetrics);
  // Each media range has its own parameters
  expectForm("application/openmetrics-text;version=9;escaping=dots,text/plain", kText);
}

TEST(NegotiateTest, GivesTextForWhatCannotBeRead) {
  for (const std::string_view accept :
       {"", ",", ";", "/", "*/", ";;;q=,,/", "\"", "text/plain;\"", "=;=,=", "text", "\\", "a\"b\\",
        "text/plain/plain", "; version=1.0.0"}) {
    expectForm(accept, kText);
  }
  const std::string long_one(64U << 10, ';');
  expectForm(long_one, kText);
  expectForm(std::string(64U << 10, ',') + "application/openmetrics-text", kOpenMetrics);
}

TEST(NegotiateTest, NamesTheFormInTheContentType) {
  EXPECT_EQ(contentType(kText), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(contentType(with(kText, Escaping::Dots)),
            "text/plain; version=0.0.4; charset=utf-8; escaping=dots");
  EXPECT_EQ(contentType(kAcceptedText1),
            "text/plain; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_EQ(contentType(kOpenMetrics),
            "application/openmetrics-text; version=0.0.1; charset=utf-8");
  EXPECT_EQ(contentType(with(kOpenMetrics, Escaping::Values)),
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=values");
  EXPECT_EQ(contentType(with(kAcceptedOpenMetrics1, Escaping::AllowUtf8)),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
}

TEST(NegotiateTest, AsksTheServiceForItsOwnSyntaxFirst) {
  for (const Output& output : {kText, kAcceptedText1, kOpenMetrics, kAcceptedOpenMetrics1}) {
    const Output asked = negotiate(acceptFor(output));
    EXPECT_EQ(asked.syntax, output.syntax);
    EXPECT_TRUE(asked.version_1);
    EXPECT_EQ(asked.escaping, Escaping::AllowUtf8);
  }
}

}  // namespace
}  // namespace postern::exposition
