#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "config/readers.h"
#include "fakes/stride.h"
#include "fakes/test_data.h"
#include "presets/registry.h"
#include "presets/spinnaker/product.h"
#include "presets/whatsapp/product.h"
#include "unit/config/examples.h"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Path kConfigs = testing::dataFolder() / "config";

std::vector<Target> acceptedTargets(const std::string& file) {
  auto loaded = parseYaml(presets::products(), contents(kConfigs / file), file, "/etc/postern");
  EXPECT_EQ(errorsOf(loaded), "");
  return loaded.config.targets;
}

std::string errorsIn(const std::string& yaml) {
  return errorsOf(parseYaml(presets::products(), yaml, "postern.yml", "/etc/postern"));
}

TEST(ConfigFileTest, ReportsEachBrokenRuleWordForWord) {
  const auto files = filesEndingIn(".bad.yml", kConfigs);
  EXPECT_THAT(files, SizeIs(::testing::Ge(100U)));
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    const auto expected = file.parent_path() / (file.stem().stem().string() + ".expected");
    const auto errors = errorsOf(
        parseYaml(presets::products(), contents(file), file.filename().string(), kConfigs));
    EXPECT_NE(errors, "");
    EXPECT_EQ(errors, contents(expected));
    EXPECT_THAT(errors, Not(HasSubstr("hunter2")));
  }
}

TEST(ConfigFileTest, KeepsWhichFilesItNames) {
  const auto loaded = parseYaml(
      presets::products(),
      "targets:\n"
      "  - url: https://a\n"
      "    tls_config: { ca_file: ca.crt, cert_file: /tls/tls.crt, key_file: ../tls.key }\n"
      "    match_file: no-such-file\n"
      "    credentials: { mysql: { host: h, database: d, user: u, password_file: db/password,\n"
      "                            tls_config: { ca_file: db/ca.crt } } }\n",
      "postern.yml", "/etc/postern");

  EXPECT_THAT(loaded.config.files, ::testing::UnorderedElementsAre(
                                       "/etc/postern/ca.crt", "/tls/tls.crt", "/etc/tls.key",
                                       "/etc/postern/no-such-file", "/etc/postern/db/password",
                                       "/etc/postern/db/ca.crt"));
  EXPECT_THAT(errorsOf(loaded), HasSubstr("names a file that cannot be read"));
}

TEST(ConfigFileTest, HasABrokenFileForEveryExpectation) {
  EXPECT_EQ(filesEndingIn(".expected", kConfigs).size(),
            filesEndingIn(".bad.yml", kConfigs).size());
}

TEST(ConfigFileTest, ReadsWhatIsDoneToSamples) {
  const auto loaded = parseYaml(presets::products(), contents(kConfigs / "reshape.good.yml"),
                                "reshape.good.yml", kConfigs);
  ASSERT_EQ(errorsOf(loaded), "");
  const Target& target = loaded.config.targets.at(0);
  const Reshape& reshape = target.reshape;

  EXPECT_TRUE(target.strict);
  EXPECT_EQ(target.limits.family_series, 1000U);
  EXPECT_TRUE(reshape.honor_labels);
  EXPECT_THAT(reshape.labels, ElementsAre(::testing::Pair("cluster", "eu-1")));
  EXPECT_THAT(reshape.rename, ElementsAre(::testing::Pair("old_total", "new_total")));
  EXPECT_THAT(reshape.anonymize.labels, ElementsAre("user", "session"));
  EXPECT_EQ(reshape.anonymize.salt.reveal(), "a salt for tests");
  std::vector<std::string> texts;
  for (const Selector& selector : reshape.match) texts.push_back(selector.text);
  EXPECT_THAT(texts, ElementsAre("up", "{__name__=~\"job:.*\",le!='1'}", "{\"a.b\", c=`\\d`}",
                                 "from_file{a!~\"b|c\"}"));
  EXPECT_EQ(reshape.match[1].matchers,
            (std::vector<LabelMatcher>{{"__name__", LabelMatcher::Operator::Matches, "job:.*"},
                                       {"le", LabelMatcher::Operator::NotEqual, "1"}}));
  EXPECT_EQ(reshape.match[2].matchers,
            (std::vector<LabelMatcher>{{"__name__", LabelMatcher::Operator::Equal, "a.b"},
                                       {"c", LabelMatcher::Operator::Equal, "\\d"}}));
  ASSERT_THAT(reshape.metric_relabel_configs, SizeIs(3));
  EXPECT_EQ(reshape.metric_relabel_configs[0], (Relabel{.action = RelabelAction::Keep,
                                                        .source_labels = {"__name__", "job"},
                                                        .separator = "",
                                                        .regex = "(?P<n>a)"}));
  EXPECT_EQ(reshape.metric_relabel_configs[1],
            (Relabel{.regex = "", .target_label = "gone", .replacement = ""}));
  EXPECT_EQ(reshape.metric_relabel_configs[2], (Relabel{.action = RelabelAction::HashMod,
                                                        .source_labels = {"a"},
                                                        .modulus = 4,
                                                        .target_label = "shard"}));
}

// As in the table of Prometheus' own test; postern accepts its UTF-8 names.
TEST(RelabelMistakeTest, AgreesWithPrometheus) {
  const auto cases =
      nlohmann::json::parse(contents(testing::dataFolder() / "relabel" / "validate_cases.json"));
  std::size_t checked = 0;
  for (const auto& scene : cases) {
    const auto& json = scene.at("config");
    // A missing action is the default in YAML; the legacy metric name scheme is not requested.
    if (scene.at("name_validation") != "utf8" || json.empty()) continue;
    SCOPED_TRACE(scene.at("id").get<std::string>());
    Relabel rule;
    rule.action =
        json.at("action") == "lowercase" ? RelabelAction::Lowercase : RelabelAction::Replace;
    rule.regex = json.value("regex", rule.regex);
    rule.replacement = json.value("replacement", rule.replacement);
    rule.target_label = json.value("target_label", "");
    const std::string mistake = relabelMistake(rule);
    EXPECT_EQ(mistake.empty(), scene.at("valid").get<bool>()) << mistake;
    if (!mistake.empty()) {
      EXPECT_THAT(mistake, HasSubstr(scene.at("error_contains").get<std::string>()));
    }
    ++checked;
  }
  EXPECT_EQ(checked, 6U);
}

TEST(ConfigFileTest, FillsAMinimalTargetWithDefaults) {
  const auto targets = acceptedTargets("minimal.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  Target expected;
  expected.url.host = "localhost";
  expected.pages.emplace_back().path = "/metrics";
  EXPECT_TRUE(targets[0] == expected);
}

TEST(ConfigFileTest, ReadsAWhatsappTarget) {
  const auto targets = acceptedTargets("whatsapp.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  const auto& target = targets[0];
  EXPECT_EQ(target.name, "447418342132");
  EXPECT_EQ(target.preset, "whatsapp");
  EXPECT_EQ(target.url.authority(), "localhost:443");
  EXPECT_EQ(target.tls.ca_file, "/etc/postern/ca.crt");
  EXPECT_EQ(target.tls.server_name, "whatsapp-web");
  EXPECT_EQ(target.limits.samples, 50000U);
  ASSERT_TRUE(target.credentials && target.credentials->mysql);
  const auto& mysql = *target.credentials->mysql;
  EXPECT_FALSE(target.credentials->file);
  EXPECT_EQ(mysql.host, "db");
  EXPECT_EQ(mysql.port, 3307);
  EXPECT_EQ(mysql.database, "whatsapp");
  EXPECT_EQ(mysql.user, "postern");
  EXPECT_EQ(mysql.password_file, "/etc/postern/db-password");
  EXPECT_EQ(mysql.query, "select username, password from logins where number = ?");
  EXPECT_EQ(mysql.refresh_interval, std::chrono::hours(1));
  ASSERT_TRUE(mysql.tls);
  EXPECT_EQ(mysql.tls->ca_file, "/etc/postern/db-ca.crt");
}

TEST(ConfigFileTest, PresetWhatsappDeclaresTheLogin) {
  const auto targets = acceptedTargets("whatsapp.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  Login expected;
  expected.url = "/v1/users/login";
  expected.basic_auth = true;
  expected.token.json = "/users/0/token";
  expected.expires.emplace().json = "/users/0/expires_after";
  expected.logout.emplace().url = "/v1/users/logout";
  EXPECT_TRUE(targets[0].login == expected);
}

TEST(ConfigFileTest, PresetWhatsappNamesFourPages) {
  const auto targets = acceptedTargets("whatsapp.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  const auto page = [](std::string path, const JsonFormat& format, bool required,
                       milliseconds timeout, milliseconds min_interval) {
    return Page{std::move(path), format, {}, required, timeout, min_interval};
  };
  EXPECT_THAT(
      targets[0].pages,
      ElementsAre(
          page("/metrics", presets::whatsapp::kStatisticsFormat, true, seconds(0), seconds(0)),
          page("/v1/stats/app", presets::whatsapp::kStatisticsFormat, true, seconds(0), seconds(0)),
          page("/v1/stats/db", presets::whatsapp::kStatisticsFormat, false, seconds(2), minutes(5)),
          page("/v1/health", presets::whatsapp::kHealthFormat, false, seconds(2), seconds(0))));
}

TEST(ConfigFileTest, PresetSpinnakerNeedsNothingButTheUrl) {
  const auto targets = acceptedTargets("spinnaker.good.yml");

  ASSERT_THAT(targets, SizeIs(2));
  const auto& target = targets[0];
  EXPECT_EQ(target.preset, "spinnaker");
  EXPECT_FALSE(target.login);
  EXPECT_FALSE(target.credentials);
  const Pairs params = {{"tagNameRegex", ".*"}};
  EXPECT_THAT(target.pages, ElementsAre(Page{"/spectator/metrics",
                                             presets::spinnaker::kSpectatorFormat, params}));
}

TEST(ConfigFileTest, ReadsHowSpectatorPagesAreNamed) {
  const auto targets = acceptedTargets("spinnaker.good.yml");

  ASSERT_THAT(targets, SizeIs(2));
  const auto& pages = targets[1].pages;
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_EQ(pages[0].format, presets::spinnaker::kSpectatorFormat);
  EXPECT_THAT(pages[0].options, ElementsAre("service_label", "standard_notation"));
  EXPECT_EQ(pages[1].format, Format::OpenMetrics);
  EXPECT_THAT(pages[1].options, IsEmpty());
}

TEST(ConfigFileTest, ReadsTheLimitsAndSwitchesOfATarget) {
  const auto targets = acceptedTargets("billing.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  const auto& target = targets[0];
  EXPECT_EQ(target.name, "billing");
  EXPECT_EQ(target.url.authority(), "127.0.0.1:8443");
  EXPECT_EQ(target.scrape_timeout, seconds(90));
  const Limits limits = {32U << 20, 32U << 20, 512U << 10, 1, 2, 3, 4};
  EXPECT_TRUE(target.limits == limits);
  EXPECT_EQ(target.hold_back, 2U << 20);
  EXPECT_EQ(target.merge_limit, 16U << 20);
  EXPECT_EQ(target.share_for, milliseconds(250));
  EXPECT_EQ(target.max_concurrent_scrapes, 3);
  EXPECT_TRUE(target.append_self);
  EXPECT_FALSE(target.honor_timestamps);
  EXPECT_FALSE(target.follow_redirects);
  EXPECT_EQ(target.params, (Pairs{{"format", "prometheus"}, {"part", "a"}, {"part", "b"}}));
  const HttpHeaders headers = {
      {"X-Tenant", {"one", "two"}, {Secret("three")}, {"/run/secrets/key", "/etc/postern/four"}},
      {"X-Key", {}, {}, {"/etc/postern/key"}}};
  EXPECT_TRUE(target.http_headers == headers);
}

TEST(ConfigFileTest, ReadsTheTlsOfATarget) {
  const auto targets = acceptedTargets("billing.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  const auto& tls = targets[0].tls;
  EXPECT_EQ(tls.ca_file, "/etc/postern/ca.crt");
  EXPECT_EQ(tls.cert_file, "/etc/postern/tls.crt");
  EXPECT_EQ(tls.key_file, "/mnt/tls.key");
  EXPECT_FALSE(tls.optional_files);
  EXPECT_EQ(tls.server_name, "billing");
  EXPECT_EQ(tls.min_version, TlsVersion::Tls13);
  // The SHA-256 of "hello".
  EXPECT_EQ(tls.pin_sha256,
            "\x2c\xf2\x4d\xba\x5f\xb0\xa3\x0e\x26\xe8\x3b\x2a\xc5\xb9\xe2\x9e"
            "\x1b\x16\x1e\x5c\x1f\xa7\x42\x5e\x73\x04\x33\x62\x93\x8b\x98\x24");
  EXPECT_TRUE(tls.insecure_skip_verify);
}

TEST(ConfigFileTest, ReadsADeclaredLogin) {
  const auto targets = acceptedTargets("billing.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  ASSERT_TRUE(targets[0].login);
  const auto& login = *targets[0].login;
  EXPECT_EQ(login.url, "/session?long=true");
  EXPECT_EQ(login.method, "PUT");
  EXPECT_FALSE(login.basic_auth);
  EXPECT_EQ(login.json_body, R"({"user":"{{username}}","pass":"{{password}}",)"
                             R"("depth":[1,2.5e3,true,false,null,"3",{}],"say \"hi\"":"x"})");
  EXPECT_THAT(login.form, IsEmpty());
  const HttpHeaders headers = {{"X-Client", {"postern"}, {}, {}},
                               {"Authorization", {}, {}, {"/etc/postern/client"}}};
  EXPECT_TRUE(login.http_headers == headers);
  EXPECT_THAT(login.success, ElementsAre(200, 302));
  EXPECT_THAT(login.rejected, ElementsAre(303, 420, 500));
  EXPECT_TRUE((login.token == AnswerPlace{"", "X-Token"}));
  EXPECT_TRUE((login.expires == AnswerPlace{"/users/0/a~1b", ""}));
  EXPECT_EQ(login.send_as, "X-Session: token={{token}}");
  EXPECT_TRUE((login.logout == Logout{"DELETE", "/logout"}));
  EXPECT_TRUE(login.logout_at_exit);
  const BackoffOptions backoff = {seconds(2), minutes(6), seconds(61), seconds(62), 4, seconds(0)};
  EXPECT_TRUE(login.backoff == backoff);
}

TEST(ConfigFileTest, ReadsThePagesOfATarget) {
  const auto targets = acceptedTargets("billing.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  EXPECT_THAT(targets[0].pages,
              ElementsAre(Page{"/metrics",
                               Format::Text,
                               {{"format", "prometheus"}},
                               true,
                               seconds(3),
                               std::chrono::hours(1)},
                          Page{"/slow", Format::Auto, {}, false, seconds(2), seconds(0)},
                          Page{"/slower", Format::Auto, {}, false, seconds(0), seconds(0)}));
}

TEST(ConfigFileTest, KeysOfALoginOverrideThePresetOneByOne) {
  const auto targets = acceptedTargets("preset_overridden.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  const auto& target = targets[0];
  EXPECT_TRUE((target.url == Url{"::1", 8443, "/wa"}));
  EXPECT_EQ(target.url.authority(), "[::1]:8443");
  EXPECT_EQ(target.credentials->file->directory, "/mnt/credentials");
  ASSERT_TRUE(target.login);
  EXPECT_EQ(target.login->url, "/v2/login");
  EXPECT_EQ(target.login->token.json, "/users/0/token");
  EXPECT_TRUE((target.login->logout == Logout{"POST", "/v2/logout"}));
  EXPECT_EQ(target.login->backoff.rejected, minutes(2));
  EXPECT_EQ(target.login->backoff.initial, seconds(1));
}

TEST(ConfigFileTest, PagesReplaceThoseOfThePreset) {
  const auto targets = acceptedTargets("preset_overridden.good.yml");

  ASSERT_THAT(targets, SizeIs(1));
  ASSERT_THAT(targets[0].pages, SizeIs(1));
  EXPECT_EQ(targets[0].pages[0].name(), "/metrics");
}

TEST(ConfigFileTest, RefusesAFileOfMoreThanOneMebibyte) {
  const std::string yaml = "targets:\n  - url: https://localhost\n";
  const std::string comment(1U << 20, '#');

  EXPECT_EQ(errorsIn(yaml + comment),
            "postern.yml:1:1: is larger than 1 MiB, expected a smaller file\n");
  EXPECT_EQ(errorsIn(yaml + comment.substr(yaml.size())), "");
}

TEST(ConfigFileTest, EveryPrefixOfAFileIsReadOrRefused) {
  const auto yaml = contents(kConfigs / "billing.good.yml");
  for (std::size_t size = 0; size < yaml.size(); size += testing::stride()) {
    SCOPED_TRACE(size);
    const auto loaded = parseYaml(presets::products(), yaml.substr(0, size), "postern.yml", "");
    EXPECT_TRUE(!loaded.errors.empty() || !loaded.config.targets.empty());
  }
}

TEST(LoadTest, NamesAFileThatCannotBeRead) {
  CommandLine command_line;
  command_line.options.config_file = "/no/such/postern.yml";

  const auto missing = load(command_line);
  command_line.options.config_file = kConfigs;
  const auto folder = load(command_line);

  EXPECT_EQ(errorsOf(missing),
            "/no/such/postern.yml: cannot be read: No such file or directory, expected a YAML file "
            "that this user may read\n");
  EXPECT_EQ(errorsOf(folder), kConfigs.string() +
                                  ": cannot be read: Is a directory, expected a YAML file that "
                                  "this user may read\n");
}

TEST(LoadTest, ReadsTheFileEachTime) {
  const auto path = Path(::testing::TempDir()) / "postern_load_test.yml";
  CommandLine command_line;
  command_line.options.config_file = path;
  const auto nameAfterWriting = [&](const std::string& name) {
    std::ofstream(path) << "targets: [{ name: " << name
                        << ", url: https://localhost, tls_config: { ca_file: ca.crt } }]\n";
    const auto loaded = load(command_line);
    EXPECT_EQ(errorsOf(loaded), "");
    EXPECT_EQ(loaded.config.targets.at(0).tls.ca_file, path.parent_path() / "ca.crt");
    return loaded.config.targets.at(0).name;
  };

  EXPECT_EQ(nameAfterWriting("first"), "first");
  EXPECT_EQ(nameAfterWriting("second"), "second");
  std::filesystem::remove(path);
}

TEST(LoadTest, TakesTheOnlyTargetFromFlags) {
  const auto loaded =
      load(parseCommandLine(presets::products(), {"--target.url=https://localhost"}, {}));

  EXPECT_EQ(errorsOf(loaded), "");
  ASSERT_THAT(loaded.config.targets, SizeIs(1));
  EXPECT_EQ(loaded.config.targets[0].url.host, "localhost");
}

}  // namespace
}  // namespace postern::config
