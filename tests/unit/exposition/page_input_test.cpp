#include "exposition/page_input.h"

#include <gmock/gmock.h>

#include <array>
#include <vector>

#include "exposition/converted_page.h"
#include "unit/exposition/pages.h"

namespace postern::exposition {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;
using namespace std::string_view_literals;

Result<ConvertedPage> neverCalled(std::string_view, const config::PageOrigin&) {
  return Error{Fault::Format, "PageInput leaves the conversion to its caller"};
}

constexpr std::array<std::string_view, 1> kTopKeys = {"inventory"};
constexpr JsonFormat kOrders{.name = "orders_json", .convert = neverCalled};
constexpr JsonFormat kInventory{
    .name = "inventory_json", .convert = neverCalled, .top_keys = kTopKeys};
constexpr std::array kJsonFormats = {&kOrders, &kInventory};

PageOptions withJson() {
  PageOptions options;
  options.json_formats = kJsonFormats;
  return options;
}

// A page as a service sends it, in blocks of 7 bytes.
struct Sent {
  std::string page;
  std::optional<PageFormat> format = std::nullopt;
  std::string content_type = {};
  PageOptions options = withJson();
};

struct Got {
  Result<void> result;
  std::string text;
  std::string json;                    // input that is converted into text
  const JsonFormat* format = nullptr;  // of it
};

Got read(const Sent& sent) {
  Got got;
  PageWriter writer(kText1);
  PageInput input(sent.format, sent.options, writer,
                  [&](const JsonFormat& format, std::string_view json) -> Result<std::string> {
                    got.format = &format;
                    got.json = json;
                    return std::string("from_json 1\n");
                  });
  input.contentType(sent.content_type);
  const std::string_view page = sent.page;
  for (std::size_t at = 0; got.result && at < page.size(); at += 7) {
    got.result = input.feed(std::string(page.substr(at, 7)));
  }
  if (got.result) got.result = input.finish();
  if (!got.result) return got;
  writer.finish();
  got.text = writer.out();
  return got;
}

TEST(PageInputTest, TellsJsonByThePageWhenTheContentTypeNamesNoFormat) {
  for (const std::string_view type : {"", "text/html", "application/json", "text/plain; version"}) {
    SCOPED_TRACE(type);
    const Got json = read({R"({"metrics":{"a":{"data":[]}}})", std::nullopt, std::string(type)});
    EXPECT_EQ(json.text, "from_json 1\n");
    EXPECT_EQ(json.json, R"({"metrics":{"a":{"data":[]}}})");
    EXPECT_EQ(json.format, &kOrders);
    EXPECT_EQ(read({R"({"inventory":{}})", std::nullopt, std::string(type)}).format, &kInventory);
    EXPECT_EQ(read({"a 1\n", std::nullopt, std::string(type)}).text, "a 1\n");
  }
}

struct Judged {
  std::string page;
  std::string text;   // the result; empty: refused
  std::string cause;  // in the error
};

void judges(std::string_view content_type, const std::vector<Judged>& cases) {
  for (const auto& [page, text, cause] : cases) {
    SCOPED_TRACE(std::string(content_type) + ": " + page);
    const Got got = read({page, std::nullopt, std::string(content_type)});
    EXPECT_EQ(static_cast<bool>(got.result), !text.empty());
    if (got.result) {
      EXPECT_EQ(got.text, text);
    } else {
      EXPECT_EQ(got.result.error().fault, Fault::Format);
      EXPECT_THAT(got.result.error().what, HasSubstr(cause));
    }
  }
}

constexpr std::string_view kOfOpenMetrics =
    "; OpenMetrics has this, text does not: correct the page, its Content-Type or `format`";
constexpr std::string_view kOfText =
    "; text has this, OpenMetrics does not: correct the page, its Content-Type or `format`";

TEST(PageInputTest, ReadsTextWhereTheContentTypeNamesNoOpenMetrics) {
  const std::string cure(kOfOpenMetrics);
  const std::string types = "expected counter, gauge, histogram, summary or untyped, found ";
  const std::string eof = "a 1 1764430000000\n# EOF\n";
  const std::string seconds = "# TYPE a gauge\n# UNIT a_b b\na 1 1764430000\n# EOF";
  for (const std::string_view type :
       {"text/plain; version=0.0.4", "text/plain", "Text/Plain; charset=utf-8", "", "text/html",
        "application/octet-stream", "application/openmetrics-text; version"}) {
    judges(
        type,
        {{eof, eof, ""},
         {"a 1\n\n# comment\n# EOF\nb\t 2\n", "a 1\n\n# comment\n# EOF\nb\t 2\n", ""},
         {seconds, seconds + "\n", ""},
         {"# TYPE a unknown\na 1\n", "", "line 1, column 10: " + types + "\"unknown\"" + cure},
         {"a 1 5\n# TYPE b info\n# EOF\n", "", "line 2, column 10: " + types + "\"info\"" + cure},
         {"# TYPE a stateset\n", "", "line 1, column 10: " + types + "\"stateset\"" + cure},
         {"# TYPE a gaugehistogram\n", "", types + "\"gaugehistogram\"" + cure},
         {"a_total 1 # {b=\"c\"} 1\n# EOF\n", "", "line 1, column 11: expected a timestamp"},
         {"a_total 1 # {b=\"c\"} 1\n# EOF\n", "", "found \"# {b=\"c\"} 1\"" + cure},
         {"a_total 1 5 # {} 1\n# EOF\n", "", "line 1, column 13: expected the end of the line"},
         {"a 1 1764430000.5\n# EOF\n", "", "line 1, column 15: expected the end of the line"},
         {"a 1 1764430000.5\n# EOF\n", "", "found \".5\"" + cure}});
  }
}

TEST(PageInputTest, ReadsOpenMetricsWhereTheContentTypeNamesIt) {
  const std::string cure(kOfText);
  const std::string comment = R"(expected "# HELP", "# TYPE", "# UNIT" or "# EOF", found )";
  const std::string start =
      R"(expected a metric name, "# HELP", "# TYPE", "# UNIT" or "# EOF", found )";
  const std::string end = "expected the end of the page after \"# EOF\", found ";
  for (const std::string_view type :
       {"application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/openmetrics-text", "Application/OpenMetrics-Text;version=0.0.1"}) {
    judges(type,
           {{"a 1 1764430000.5\n# EOF\n", "a 1 1764430000500\n", ""},
            {"# TYPE a unknown\na 1\n# EOF\n", "# TYPE a untyped\na 1\n", ""},
            {"a 1 5\n\nb 2 5\n# EOF\n", "",
             "line 2, column 1: " + start + "the end of the line" + cure},
            {"a 1 5\n# EOF\n\n", "", "line 3, column 1: " + start + "the end of the line" + cure},
            {"a 1 5\n# EOF\n# EOF\n", "", "line 3, column 1: " + end + "\"# EOF\"" + cure},
            {"# made by hand\na 1 5\n# EOF\n", "", "line 1, column 1: " + comment},
            {"# made by hand\na 1 5\n# EOF\n", "", "\"# made by hand\"" + cure},
            {"#\na 1 5\n# EOF\n", "", "line 1, column 1: " + comment + "\"#\"" + cure},
            {" a 1 5\n# EOF\n", "", "line 1, column 1: " + start + "\" a 1 5\"" + cure},
            {"# TYPE a untyped\na 1 5\n# EOF\n", "", "found \"untyped\"" + cure},
            {"# TYPE 1 gauge\n# EOF\n", "", "expected a metric name, found \"1 gauge\""}});
  }
  EXPECT_THAT(read({"# TYPE 1 gauge\n", Format::OpenMetrics}).result.error().what,
              Not(HasSubstr(kOfText)));
  EXPECT_EQ(read({"a 1 5\n", std::nullopt, "application/openmetrics-text"}).result.error().fault,
            Fault::Truncated);
}

TEST(PageInputTest, JudgesTheHandedResponses) {
  struct Handed {
    std::string_view file;
    std::string text;
    std::string cause;
  };
  for (const auto& [file, text, cause] : std::vector<Handed>{
           {"om_blank_line", "", "line 3, column 1: expected a metric name"},
           {"om_trailing_blank_line", "", "line 4, column 1: expected a metric name"},
           {"text_info_milliseconds", "", "line 1, column 14: expected counter, gauge"},
           {"no_type_eof_milliseconds", "# TYPE a gauge\na 1 1764430000000\n# EOF\n", ""},
           {"type_unknown", "", "line 1, column 10: expected counter, gauge"},
           {"exemplar", "", "line 2, column 11: expected a timestamp in milliseconds"},
           {"gzip_unnamed", "",
            "; the body is compressed with gzip: its Content-Encoding does not say so"},
           {"bom", "",
            "line 1, column 1: expected a metric name, a comment or a blank line, found "
            "\"\\xef\\xbb\\xbf# TYPE jobs gauge\"; the body begins with a byte order mark"},
       }) {
    SCOPED_TRACE(file);
    const std::string response = readData("responses/" + std::string(file) + ".http");
    const std::size_t end = response.find("\r\n\r\n");
    constexpr std::string_view kField = "Content-Type: ";
    const std::size_t field = response.find(kField);
    std::string type;
    if (field != std::string::npos) {
      type = response.substr(field + kField.size());
      type.resize(type.find('\r'));
    }
    judges(type, {{response.substr(end + 4), text, cause}});
  }
}

std::string utf16(std::string_view ascii, bool big) {
  std::string wide;
  for (const char c : ascii) (big ? wide += '\0' : wide += c) += big ? c : '\0';
  return wide;
}

// Prefixed with its length, as in the protobuf format.
std::string metricFamily(std::string_view name) {
  std::string family("\x0a");
  family += static_cast<char>(name.size());
  family.append(name).append("\x12\x01h\x18\x01\x22\x0b\x1a\x09\x09\0\0\0\0\0\0\xf0?"sv);
  return static_cast<char>(family.size()) + family;
}

TEST(PageInputTest, NamesTheShapeOfABodyThatIsNoPage) {
  const std::string gzip = readData("responses/gzip_unnamed.http");
  const std::string packed = gzip.substr(gzip.find("\r\n\r\n") + 4);
  const std::string page = "# TYPE a gauge\na 1\n";
  const std::string json = R"({"metrics":{"a":{"data":[]}}})";
  struct Shape {
    std::string body;
    std::string_view name;
  };
  for (const auto& [body, name] : std::vector<Shape>{
           {packed,
            "the body is compressed with gzip: its Content-Encoding does not say so, or it is "
            "compressed twice; correct the service or the proxy in front of it"},
           {"\x28\xb5\x2f\xfd\x04\x58\n", "compressed with zstd, expected gzip or no compression"},
           {"\xfd\x37zXZ\0\0\x04"s, "compressed with xz"},
           {"BZh91AY&SY\x01\n", "compressed with bzip2"},
           {"\x04\x22\x4d\x18\x60\n", "compressed with lz4"},
           {"\xff\x06\0\0sNaPpY"s, "compressed with snappy"},
           {"PK\x03\x04\n", "compressed with zip"},
           {"\x78\x9c\n", "compressed with zlib"},
           {"\xef\xbb\xbf" + page, "begins with a byte order mark, expected UTF-8 without one"},
           {"\xff\xfe" + utf16(page, false), "the body is UTF-16 (little endian), expected UTF-8"},
           {"\xfe\xff" + utf16(page, true), "the body is UTF-16 (big endian), expected UTF-8"},
           {utf16(page, false), "the body is UTF-16 (little endian)"},
           {utf16(page, true), "the body is UTF-16 (big endian)"},
           {utf16(json, false), "the body is UTF-16 (little endian)"},
           {"\xff\xfe\0\0#\0\0\0"s, "the body is UTF-32 (little endian)"},
           {"#\0\0\0 \0\0\0\n"s, "the body is UTF-32 (little endian)"},
           {"\0\0\0#\0\0\0 "s, "the body is UTF-32 (big endian)"},
           {metricFamily("go_goroutines"), "the body is protobuf, expected text or OpenMetrics"},
           {metricFamily("a"), "the body is protobuf"},
           {"<!DOCTYPE html>\n", "the page looks like HTML"},
       }) {
    SCOPED_TRACE(::testing::PrintToString(body));
    for (const std::string_view type : {"text/plain; version=0.0.4", "application/openmetrics-text",
                                        "", "text/html", "application/json"}) {
      SCOPED_TRACE(type);
      const Got got = read({body, std::nullopt, std::string(type)});
      ASSERT_FALSE(got.result);
      EXPECT_EQ(got.result.error().fault, Fault::Format);
      EXPECT_THAT(got.result.error().what, HasSubstr("line 1"));
      EXPECT_THAT(got.result.error().what, HasSubstr(name));
    }
  }
}

TEST(PageInputTest, NamesTheShapeOfAJsonPageThatCannotBeRead) {
  const std::string json = R"({"metrics":{"a":{"data":[{"value":1}]}}})";
  for (const auto& [body, name] : std::vector<std::pair<std::string, std::string_view>>{
           {"\xef\xbb\xbf" + json, "begins with a byte order mark"},
           {"\xff\xfe" + utf16(json, false), "the body is UTF-16 (little endian)"},
           {"\x1f\x8b\x08", "the body is compressed with gzip"}}) {
    SCOPED_TRACE(name);
    PageWriter writer(kText1);
    PageInput input(kOrders, {}, writer,
                    [](const JsonFormat&, std::string_view page) -> Result<std::string> {
                      if (!page.starts_with('{'))
                        return Error{Fault::Format, "JSON: expected a JSON object"};
                      return std::string("from_json 1\n");
                    });
    auto read = input.feed(body);
    if (read) read = input.finish();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().fault, Fault::Format);
    EXPECT_THAT(read.error().what, HasSubstr(name));
  }
}

TEST(PageInputTest, NamesNoShapeOfAPageThatIsMerelyWrong) {
  for (const std::string_view body :
       {"1a 1\n", "BZh 1 x\n", "PK_x y\n", "x^ 1\n", "a\n\x01y", "7\n"}) {
    SCOPED_TRACE(body);
    const Got got = read({std::string(body), std::nullopt, "text/plain"});
    ASSERT_FALSE(got.result);
    EXPECT_THAT(got.result.error().what, Not(HasSubstr("the body")));
  }
}

TEST(PageInputTest, RefusesWhatTheContentTypeCallsProtobuf) {
  for (const std::string& body : {metricFamily("go_goroutines"), std::string("a 1\n")}) {
    const std::string type = "application/vnd.google.protobuf; encoding=delimited";
    const Got got = read({body, std::nullopt, type});
    ASSERT_FALSE(got.result);
    EXPECT_EQ(got.result.error().fault, Fault::Format);
    EXPECT_THAT(got.result.error().what,
                HasSubstr("line 1: expected text or OpenMetrics, found the "
                          "Content-Type \"" +
                          type + "\""));
    EXPECT_EQ(static_cast<bool>(read({body, Format::Text, type}).result), body == "a 1\n");
  }
}

TEST(PageInputTest, SaysThatAPageLooksLikeJson) {
  const std::string json = R"({"metrics":{"a":{"data":[]}}})";
  for (const std::string_view type : {"text/plain", "application/openmetrics-text"}) {
    const Got got = read({json, std::nullopt, std::string(type)});
    ASSERT_FALSE(got.result);
    EXPECT_EQ(got.result.error().fault, Fault::Format);
    EXPECT_THAT(got.result.error().what, HasSubstr("line 1, column 11"));
    EXPECT_THAT(got.result.error().what,
                HasSubstr("; the body looks like JSON: correct its Content-Type, or set `format`"));
  }
  EXPECT_THAT(read({json, Format::Text}).result.error().what,
              HasSubstr("; the body looks like JSON: correct `format`"));
}

TEST(PageInputTest, BelievesTheFormatThatIsConfigured) {
  EXPECT_EQ(read({"a 1\n", kInventory}).json, "a 1\n");
  const Got openmetrics = read({"# comment\na 1\n# EOF\n", Format::OpenMetrics});
  EXPECT_EQ(openmetrics.result.error().fault, Fault::Format);
}

// The format is recognized late, on a page longer than the bytes that decide it.
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
  for (const auto format : {std::optional<PageFormat>(), std::optional<PageFormat>(kOrders)}) {
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
