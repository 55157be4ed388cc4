#include "config/description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "fakes/test_data.h"
#include "presets/registry.h"

namespace postern::config {
namespace {

using OrderedJson = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

const Path kExamples = testing::dataFolder() / "config";

std::vector<Target> read(const std::string& yaml) {
  auto loaded = parseYaml(presets::products(), yaml, "postern.yml", kExamples);
  for (const auto& error : loaded.errors) ADD_FAILURE() << error.text();
  return std::move(loaded.config.targets);
}

std::vector<Target> readFile(const std::string& name) {
  std::ifstream stream(kExamples / name, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << name;
  return read({std::istreambuf_iterator<char>(stream), {}});
}

OrderedJson describeAll(const std::vector<Target>& targets) {
  OrderedJson list = OrderedJson::array();
  for (const auto& target : targets) list.push_back(describe(target));
  return list;
}

// A mask is in the place of a file or a URL.
void replaceMasks(OrderedJson& target) {
  if (target.contains("anonymize")) target["anonymize"]["salt_file"] = "salt.txt";
  if (target.contains("login")) target["login"]["url"] = "/session";
  if (target.contains("oauth2")) target["oauth2"]["token_url"] = "https://idp.internal:8443/token";
}

TEST(DescriptionTest, IsAConfigurationThatMeansTheSame) {
  for (const char* file :
       {"billing.good.yml", "minimal.good.yml", "preset_overridden.good.yml", "reshape.good.yml",
        "spinnaker.good.yml", "ways_in.good.yml", "whatsapp.good.yml"}) {
    SCOPED_TRACE(file);
    const auto before = describeAll(readFile(file));
    for (OrderedJson target : before) {
      OrderedJson expected = target;
      replaceMasks(target);
      const auto again = read(OrderedJson{{"targets", OrderedJson::array({target})}}.dump());
      ASSERT_EQ(again.size(), 1U);
      const OrderedJson after = describe(again.front());
      if (expected.contains("login")) expected["login"]["url"] = "/session";
      if (expected.contains("oauth2"))
        expected["oauth2"]["token_url"] = "https://idp.internal:8443/token";
      EXPECT_EQ(after.dump(1), expected.dump(1));
    }
  }
}

TEST(DescriptionTest, ShowsNoSecretAndNothingThatMayHoldOne) {
  const auto targets = read(R"(targets:
  - name: a
    url: https://localhost
    http_headers: { X-Api-Key: { values: [hunter2-header], secrets: [hunter2-key], files: [key-file] } }
    params: { key: [hunter2-param] }
    credentials: { file: { username: scraper, password: hunter2-password } }
    login:
      url: /login?key=hunter2-query
      body: { json: { user: "{{username}}", pass: "{{password}}", client: { secret: hunter2-body, pin: 8471 } } }
      token: { json: /token }
      http_headers: { X-Client: { secrets: [hunter2-client] } }
      logout: { url: "/logout?key=hunter2-logout" }
    pages: [{ path: /metrics, params: { key: [hunter2-page] } }]
  - { name: b, url: https://localhost, basic_auth: { username: u, password: hunter2-basic } }
  - { name: c, url: https://localhost, authorization: { type: Apikey, credentials: hunter2-key } }
  - { name: d, url: https://localhost, credentials: { mysql: { host: h, database: d, user: u, password: hunter2-db } } }
  - name: e
    url: https://localhost
    credentials: { file: { username: scraper, password: hunter2-password } }
    login: { url: /, token: { header: X }, body: { form: { p: "{{password}}", secret: hunter2-form } } }
  - name: f
    url: https://localhost
    oauth2:
      client_id: id
      client_secret: hunter2-client
      token_url: https://idp/token?key=hunter2-token
      endpoint_params: { assertion: hunter2-assertion }
)");
  const std::string text = describeAll(targets).dump();
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, Not(HasSubstr("8471")));
  EXPECT_THAT(
      text, HasSubstr(R"("pass":"{{password}}","client":{"secret":"<hidden>","pin":"<hidden>"})"));
  EXPECT_THAT(text,
              HasSubstr(R"("X-Api-Key":{"values":["<hidden>"],"secrets":["<secret>"],"files":[")"));
  EXPECT_THAT(text, HasSubstr(R"("X-Client":{"secrets":["<secret>"]})"));
  EXPECT_THAT(text, HasSubstr(R"("url":"/login?<hidden>")"));
}

TEST(DescriptionTest, WritesThePinAsItWasRead) {
  const auto target = describe(readFile("billing.good.yml").front());
  EXPECT_EQ(target["tls_config"]["pin_sha256"], "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
}

TEST(FingerprintTest, ChangesWithWhatIsServedAndNotWithSecrets) {
  const auto of = [](const std::string& keys) {
    return fingerprint(read("targets: [{ url: https://localhost, " + keys + " }]"));
  };
  const auto plain = of("scrape_timeout: 10s");
  EXPECT_THAT(plain, ::testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(of("scrape_timeout: 10000ms"), plain) << "the same in another spelling";
  EXPECT_NE(of("scrape_timeout: 11s"), plain);
  EXPECT_NE(of("name: other"), plain);
  EXPECT_EQ(of("basic_auth: { username: a, password: b }"),
            of("basic_auth: { username: a, password: c }"));
}

}  // namespace
}  // namespace postern::config
