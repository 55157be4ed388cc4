#include "exposition/page_input.h"

#include <gmock/gmock.h>

#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;

// A page as a service sends it, in blocks of 7 bytes.
struct Sent {
  std::string page;
  std::optional<Format> format = std::nullopt;
  std::string content_type = {};
  PageOptions options = {};
};

struct Got {
  Result<void> result;
  std::string text;
  std::string json;  // that was to be turned into text
  Format format{};   // of it
};

Got read(const Sent& sent) {
  Got got;
  PageWriter writer(kText1);
  PageInput input(sent.format, sent.options, writer,
                  [&](Format format, std::string_view json) -> Result<std::string> {
                    got.format = format;
                    got.json = json;
                    return std::string("from_json 1\n");
                  });
  input.contentType(sent.content_type);
  const std::string_view page = sent.page;
  for (std::size_t at = 0; got.result && at < page.size(); at += 7) {
    got.result = input.feed(std::string(page.substr(at, 7)));
  }
  if (got.result) got.result = input.finish();
  writer.finish();
  got.text = writer.out();
  return got;
}

TEST(PageInputTest, TellsTheFormatByThePage) {
  EXPECT_EQ(read({"# TYPE a untyped\na 1\n"}).text, "# TYPE a untyped\na 1\n");
  EXPECT_EQ(read({"# TYPE a unknown\na 1\n# EOF\n"}).text, "# TYPE a untyped\na 1\n");
  const Got json = read({R"({"metrics":{"a":{"data":[]}}})"});
  EXPECT_EQ(json.text, "from_json 1\n");
  EXPECT_EQ(json.json, R"({"metrics":{"a":{"data":[]}}})");
  EXPECT_EQ(json.format, Format::WhatsappJson);
}

TEST(PageInputTest, TakesTheContentTypeAsAHint) {
  // WhatsApp says text/html.
  EXPECT_EQ(read({"a 1\n", std::nullopt, "text/html"}).text, "a 1\n");
  // Both could be what it says; only one of them is.
  const std::string page = "a 1\n# EOF\n";
  EXPECT_EQ(read({page, std::nullopt, "application/openmetrics-text; version=1.0.0"}).text,
            "a 1\n");
  EXPECT_EQ(read({page, std::nullopt, "text/plain; version=0.0.4"}).text, page);
  EXPECT_TRUE(read({R"({"metrics":{}})", std::nullopt, "text/plain"}).result);
}

TEST(PageInputTest, BelievesTheFormatThatIsConfigured) {
  EXPECT_EQ(read({"a 1\n", Format::SpectatorJson}).json, "a 1\n");
  const Got openmetrics = read({"# comment\na 1\n# EOF\n", Format::OpenMetrics});
  EXPECT_EQ(openmetrics.result.error().fault, Fault::Format);
}

// The format shows late, in a page that is longer than what it is told by.
TEST(PageInputTest, LosesNothingOfALongPage) {
  std::string page;
  while (page.size() < (20U << 10)) page += "a{b=\"c\"} 1 5\n";
  EXPECT_EQ(read({page}).text, page);
}

TEST(PageInputTest, HoldsNoJsonBeyondItsLimit) {
  Sent sent{R"({"metrics":{"a":{"data":[]}}})"};
  sent.options.limits.json_body_size = sent.page.size();
  EXPECT_TRUE(read(sent).result);
  sent.options.limits.json_body_size -= 1;
  for (const auto format : {std::optional<Format>(), std::optional(Format::WhatsappJson)}) {
    sent.format = format;
    sent.page.resize(5U << 10, ' ');
    const Got got = read(sent);
    ASSERT_FALSE(got.result);
    EXPECT_EQ(got.result.error().fault, Fault::Limit);
    EXPECT_THAT(got.result.error().what, HasSubstr("body_size_limit"));
  }
}

}  // namespace
}  // namespace postern::exposition
