#include "config/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "config/units.h"
#include "config/web_readers.h"
#include "fakes/test_data.h"
#include "unit/config/examples.h"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const Path kWebConfigs = testing::dataFolder() / "web_config";

LoadedWebConfig loaded(const std::string& file) {
  auto loaded = parseWebConfig(contents(kWebConfigs / file), file, "/etc/postern");
  EXPECT_EQ(errorsOf(loaded), "");
  return loaded;
}

WebConfig acceptedWebConfig(const std::string& file) {
  return loaded(file).config;
}

TlsServer acceptedTls(const std::string& file) {
  auto config = acceptedWebConfig(file);
  EXPECT_TRUE(config.tls);
  return config.tls.value_or(TlsServer());
}

TEST(WebConfigTest, ReportsEachBrokenRuleWordForWord) {
  const auto files = filesEndingIn(".bad.yml", kWebConfigs);
  EXPECT_THAT(files, SizeIs(::testing::Ge(45U)));
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    const auto expected = file.parent_path() / (file.stem().stem().string() + ".expected");
    const auto errors =
        errorsOf(parseWebConfig(contents(file), file.filename().string(), kWebConfigs));
    EXPECT_NE(errors, "");
    EXPECT_EQ(errors, contents(expected));
    EXPECT_THAT(errors, Not(HasSubstr("hunter2")));
  }
}

TEST(WebConfigTest, HasABrokenFileForEveryExpectation) {
  EXPECT_EQ(filesEndingIn(".expected", kWebConfigs).size(),
            filesEndingIn(".bad.yml", kWebConfigs).size());
}

TEST(WebConfigTest, AcceptsEveryGoodFile) {
  for (const auto& file : filesEndingIn(".good.yml", kWebConfigs)) {
    SCOPED_TRACE(file);
    EXPECT_EQ(errorsOf(loadWebConfig(file)), "");
  }
}

TEST(WebConfigTest, AllowsEveryClientWhenTheFileIsEmpty) {
  EXPECT_TRUE(acceptedWebConfig("empty.good.yml") == WebConfig());
  EXPECT_TRUE(acceptedWebConfig("empty_blocks.good.yml") == WebConfig());
}

TEST(WebConfigTest, SaysWhyAFileCannotBeRead) {
  const auto missing = loadWebConfig("/does/not/exist/web.yml");
  EXPECT_EQ(errorsOf(missing),
            "/does/not/exist/web.yml: cannot be read: No such file or directory, expected a YAML "
            "file that this user may read\n");
}

TEST(WebConfigTest, TakesTheDefaultsOfTheToolkit) {
  TlsServer expected;
  expected.cert_file = "/etc/postern/server.crt";
  expected.key_file = "/etc/postern/server.key";
  EXPECT_TRUE(acceptedTls("minimal.good.yml") == expected);
  EXPECT_EQ(expected.client_auth, ClientAuth::None);
  EXPECT_EQ(expected.min_version, TlsVersion::Tls12);
  EXPECT_EQ(expected.max_version, TlsVersion::Tls13);
  EXPECT_TRUE(expected.prefer_server_cipher_suites);
}

TEST(WebConfigTest, TakesABlankKeyForNone) {
  EXPECT_TRUE(acceptedTls("blank_keys.newer.good.yml") == acceptedTls("minimal.good.yml"));
}

TEST(WebConfigTest, ReadsMutualTls) {
  const auto tls = acceptedTls("mutual_tls.good.yml");

  EXPECT_EQ(tls.client_auth, ClientAuth::RequireAndVerify);
  EXPECT_EQ(tls.client_ca_file, "/etc/postern/tls/ca.crt");
  EXPECT_FALSE(tls.prefer_server_cipher_suites);
  EXPECT_THAT(tls.cipher_suites, ElementsAre("ECDHE-ECDSA-AES256-GCM-SHA384",
                                             "ECDHE-RSA-AES128-SHA"));  // TLS 1.3 offers no choice
  EXPECT_THAT(tls.curve_preferences, ElementsAre("P-521", "X25519"));
}

TEST(WebConfigTest, NamesTheFileOfRevokedClientCertificates) {
  EXPECT_EQ(acceptedTls("crl_file.newer.good.yml").crl_file, "/etc/postern/tls/crl.pem");
}

TEST(WebConfigTest, KnowsEverySuiteAndCurveOfGo) {
  const auto tls = acceptedTls("all_suites_and_curves.good.yml");

  EXPECT_THAT(tls.cipher_suites, SizeIs(10));
  EXPECT_THAT(tls.curve_preferences, ElementsAre("P-256", "P-384", "P-521", "X25519"));
  EXPECT_EQ(tls.min_version, TlsVersion::Tls12);
}

TEST(WebConfigTest, SpeaksNothingOlderWhenOnlySuitesOfTls13AreNamed) {
  const auto loaded = parseWebConfig(
      "tls_server_config: {cert_file: a, key_file: b, cipher_suites: [TLS_AES_128_GCM_SHA256]}",
      "web.yml", "/");

  EXPECT_EQ(errorsOf(loaded), "");
  EXPECT_EQ(loaded.config.tls->min_version, TlsVersion::Tls13);
}

TEST(WebConfigTest, NeedsNoSuiteOfHttp2) {
  EXPECT_THAT(acceptedTls("suites_without_http2.good.yml").cipher_suites,
              ElementsAre("ECDHE-RSA-AES256-GCM-SHA384"));
  EXPECT_FALSE(acceptedWebConfig("suites_without_http2.good.yml").http2_wanted);
  EXPECT_TRUE(acceptedWebConfig("headers.good.yml").http2_wanted);
}

TEST(WebConfigTest, ReadsCertificatesAndKeyInline) {
  const auto loaded = parseWebConfig(
      "tls_server_config:\n  cert: |\n    one\n    two\n  key: |\n    hunter2\n"
      "  client_ca: |\n    three\n  client_auth_type: RequireAndVerifyClientCert\n",
      "web.yml", "/");

  ASSERT_EQ(errorsOf(loaded), "");
  EXPECT_EQ(loaded.config.tls->cert, "one\ntwo\n");
  EXPECT_EQ(loaded.config.tls->key.reveal(), "hunter2\n");
  EXPECT_EQ(loaded.config.tls->client_ca, "three\n");
}

TEST(WebConfigTest, ReadsTheNamesOfClients) {
  EXPECT_THAT(acceptedTls("client_allowed_sans.newer.good.yml").client_allowed_sans,
              ElementsAre("prometheus.internal", "10.1.2.3", "ops@example.org",
                          "spiffe://example.org/prometheus"));
}

TEST(WebConfigTest, ReadsHeaders) {
  EXPECT_THAT(acceptedWebConfig("headers.good.yml").headers,
              ElementsAre(Pair("Content-Security-Policy", "default-src 'self'"),
                          Pair("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
                          Pair("X-Content-Type-Options", "nosniff"),
                          Pair("X-Frame-Options", "deny"), Pair("X-XSS-Protection", "1")));
}

TEST(WebConfigTest, LeavesABlankHeaderOut) {
  const auto loaded =
      parseWebConfig("http_server_config: {headers: {X-XSS-Protection: ''}}", "web.yml", "/");
  EXPECT_EQ(errorsOf(loaded), "");
  EXPECT_THAT(loaded.config.headers, IsEmpty());
}

TEST(WebConfigTest, ReadsUsersOfEveryForm) {
  const auto users = acceptedWebConfig("users.good.yml").basic_auth_users;

  ASSERT_THAT(users, SizeIs(3));
  EXPECT_TRUE(users.at("alice").reveal().starts_with("$2y$10$"));
  EXPECT_TRUE(users.at("bob").reveal().starts_with("$2a$04$"));
  EXPECT_TRUE(users.at("42").reveal().starts_with("$2b$14$"));
}

TEST(WebConfigTest, ReadsTheRateLimit) {
  using namespace std::chrono_literals;
  EXPECT_TRUE(acceptedWebConfig("rate_limit.newer.good.yml").rate_limit ==
              (RateLimit{61500ms, 20}));
  EXPECT_TRUE(acceptedWebConfig("rate_limit_off.newer.good.yml").rate_limit == RateLimit());
}

TEST(WebConfigTest, WarnsOfWhatCanHardlyBeMeant) {
  const auto warns = [](const std::string& tls) {
    return parseWebConfig("tls_server_config: {cert_file: a, key_file: b, " + tls + "}", "web.yml",
                          "/")
        .warnings;
  };
  EXPECT_THAT(warns("client_auth_type: RequireAnyClientCert"),
              ElementsAre(HasSubstr("any certificate is accepted")));
  EXPECT_THAT(warns("client_auth_type: RequestClientCert"),
              ElementsAre(HasSubstr("any certificate is accepted")));
  EXPECT_THAT(warns("client_auth_type: VerifyClientCertIfGiven"),
              ElementsAre(HasSubstr("client_ca_file is missing")));
  EXPECT_THAT(warns("min_version: TLS10"), ElementsAre(HasSubstr("TLS 1.0 and 1.1")));
  EXPECT_THAT(warns("client_auth_type: RequireAndVerifyClientCert, client_ca_file: c"), IsEmpty());
  EXPECT_THAT(loaded("rate_limit_without_burst.newer.good.yml").warnings,
              ElementsAre(HasSubstr("postern answers every request with 429")));
}

TEST(WebConfigTest, ReadsDurationsOfGo) {
  using namespace std::chrono_literals;
  const auto reads = [](std::string_view text, std::optional<std::chrono::nanoseconds> expected) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parseGoDuration(text), expected);
  };
  reads("0", 0ns);
  reads("1s", 1s);
  reads("1.5s", 1500ms);
  reads(".5s", 500ms);
  reads("1h2m3s", 3723s);
  reads("3s2m", 123s);
  reads("10us", 10us);
  reads("10\u00b5s", 10us);
  reads("7ns", 7ns);
  for (const std::string_view none : {"", "1", "s", "1.s.s", "1d", "-1s", "+1s", "1 s", "1e3s",
                                      "0x1s", "1..5s", "99999h", "1ss", "."}) {
    reads(none, std::nullopt);
  }
}

}  // namespace
}  // namespace postern::config
