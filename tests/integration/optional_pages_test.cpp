#include <gmock/gmock.h>

#include <optional>

#include "integration/target_fixture.h"
#include "presets/whatsapp/product.h"

namespace postern {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::Provocation;

class OptionalPagesTest : public testing::TargetTest {
 protected:
  static config::Page optional(const std::string& path, config::PageFormat format) {
    auto made = page(path, format);
    made.required = false;
    return made;
  }
  static Provocation answers(int status, const std::string& body = "") {
    Provocation provocation;
    provocation.status = status;
    provocation.body = body;
    provocation.content_type = "text/plain";
    return provocation;
  }
};

TEST_F(OptionalPagesTest, AnswersTheFaultOfTheFirstPageWhenAllFail) {
  struct Case {
    Provocation first;
    Provocation second;
    Fault fault;
    const char* words;
  };
  const Case cases[] = {
      {answers(404), answers(200, "<html>"), Fault::Status, "page /first: answered 404"},
      {answers(200, "<html>\n"), answers(404), Fault::Format, "page /first: "},
      {answers(200, "a 1\nb 2\nno value\n"), answers(404), Fault::Format, "page /first: "},
      {answers(403), answers(200, "# nothing\n"), Fault::Forbidden, "page /first: answered 403"},
      {answers(200, "# nothing\n"), answers(500), Fault::Empty, "page /first: "},
      {answers(500), answers(200, "a 1\nno value\n"), Fault::Status, "page /first: answered 500"},
  };
  config.pages = {optional("/first", config::Format::Text),
                  optional("/second", config::Format::Text)};
  open();
  for (const auto& each : cases) {
    SCOPED_TRACE(each.words);
    whatsapp.provoke("/first", each.first);
    whatsapp.provoke("/second", each.second);
    const auto answer = scrape();
    ASSERT_FALSE(answer.page);
    EXPECT_EQ(answer.page.error().fault, each.fault) << answer.page.error().what;
    EXPECT_THAT(answer.page.error().what, HasSubstr(each.words));
  }
  whatsapp.provoke("/second", answers(200, "a 1\n"));
  EXPECT_TRUE(scrape().page) << "one is enough";
}

TEST_F(OptionalPagesTest, ForgetsTheServicesHealthWithItsPage) {
  whatsapp.change([](auto& behaviour) { behaviour.health = "disconnected"; });
  auto health = optional("/v1/health", presets::whatsapp::kHealthFormat);
  health.min_interval = 1min;
  config.pages.push_back(health);
  open();
  EXPECT_EQ(stats->counts().health, scrape::ServiceHealth::NotReported);
  std::optional<SystemTime> read_at;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(scrape().page);
    const auto counts = stats->counts();
    EXPECT_EQ(counts.health, scrape::ServiceHealth::Unhealthy);
    ASSERT_TRUE(counts.fetch_infos[1].health);
    if (!read_at) read_at = counts.fetch_infos[1].health_at;
    EXPECT_EQ(counts.fetch_infos[1].health_at, *read_at) << "also for a stored page";
    clock.advance(30s);
  }
  whatsapp.provoke("/v1/health", answers(500));
  clock.advance(31s);
  ASSERT_TRUE(scrape().page);
  EXPECT_EQ(stats->counts().health, scrape::ServiceHealth::Unknown);
  EXPECT_FALSE(stats->counts().fetch_infos[1].health);
}

}  // namespace
}  // namespace postern
