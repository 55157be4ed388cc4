// The credentials and logins of ways_in.good.yml, field by field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "config/config.h"
#include "fakes/test_data.h"
#include "presets/registry.h"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Target> waysIn() {
  std::ifstream stream(testing::dataFolder() / "config/ways_in.good.yml", std::ios::binary);
  const auto loaded = parseYaml(presets::products(), {std::istreambuf_iterator<char>(stream), {}},
                                "ways_in.good.yml", "/etc/postern");
  EXPECT_THAT(loaded.errors, IsEmpty());
  return loaded.config.targets;
}

TEST(WaysInTest, AcceptsEach) {
  const auto targets = waysIn();

  ASSERT_THAT(targets, SizeIs(17));
  const auto& basic = *targets[0].credentials->file;
  EXPECT_EQ(basic.username_file, "/etc/postern/user");
  EXPECT_TRUE(basic.password == Secret("$PASSWORD"));
  EXPECT_EQ(targets[1].credentials->file->token_file, "/etc/postern/token");
  EXPECT_EQ(targets[1].credentials->authorization_type, "Bearer");
  EXPECT_TRUE(targets[2].credentials->file->token == Secret("key"));
  EXPECT_EQ(targets[2].credentials->authorization_type, "Apikey");
  EXPECT_EQ(targets[3].credentials->file->directory, "/etc/postern/mounted");
  EXPECT_EQ(targets[4].credentials->file->api_key_file, "/etc/postern/key");
  EXPECT_EQ(targets[4].login->form, (Pairs{{"user", "{{username}}"}, {"remember", "yes"}}));
  EXPECT_EQ(targets[5].credentials->mysql->refresh_interval, minutes(2));
  EXPECT_EQ(targets[5].credentials->mysql->query, "");
  EXPECT_EQ(targets[6].tls.pkcs12_file, "/etc/postern/all.p12");
  EXPECT_EQ(targets[6].tls.key_password_file, "/etc/postern/password");
  EXPECT_TRUE(targets[6].tls.system_roots);
  EXPECT_EQ(targets[7].tls.spiffe_id, "spiffe://example.org/ns/wa/sa/web");
  EXPECT_EQ(targets[9].login->token.cookie, "sid");
  EXPECT_EQ(targets[9].login->send_as, "Cookie: sid={{token}}");
  EXPECT_EQ(targets[10].login->send_as, "X-Session: {{token}}");
  EXPECT_EQ(targets[11].credentials->mysql->directory, "/etc/postern/db");
  EXPECT_EQ(targets[12].credentials->file->username, "uk1_key");
  EXPECT_EQ(targets[13].credentials->file->username, "");
  EXPECT_TRUE(targets[13].credentials->file->password == Secret("uk1_key"));
  EXPECT_EQ(targets[14].credentials->file->password_file, "/etc/postern/key");
  EXPECT_TRUE(
      (targets[15].http_headers == HttpHeaders{{"X-Api-Key", {}, {}, {"/run/secrets/key"}}}));
  for (std::size_t i = 12; i < 15; ++i) EXPECT_TRUE(targets[i].credentials->file->half_allowed);
  EXPECT_FALSE(targets[3].credentials->file->half_allowed);
}

TEST(WaysInTest, AllowsAColonInAUserNameThatNoBasicHeaderCarries) {
  const auto allows = [](const std::string& keys) {
    const auto loaded = parseYaml(presets::products(),
                                  "targets: [ { url: https://a, " + keys + " } ]", "p.yml", "/");
    EXPECT_THAT(loaded.errors, IsEmpty());
    const auto& credentials = *loaded.config.targets.at(0).credentials;
    return credentials.mysql ? credentials.mysql->colon_allowed : credentials.file->colon_allowed;
  };
  const std::string mounted = "credentials: { directory: a }, ";
  const std::string mysql = "credentials: { mysql: { host: a, database: b, user: c } }, ";
  for (const auto& from : {mounted, mysql}) {
    const auto login = [&](const std::string& keys) {
      return allows(from + "login: { url: /, token: { json: \"\" }, " + keys + " }");
    };
    EXPECT_TRUE(login("body: { json: { user: '{{username}}' } }"));
    EXPECT_TRUE(login("body: { form: { user: '{{username}}' } }"));
    EXPECT_FALSE(login("basic_auth: true"));
    EXPECT_FALSE(login("basic_auth: true, body: { form: { user: '{{username}}' } }"));
    EXPECT_FALSE(allows(from + "preset: whatsapp"));
  }
  EXPECT_FALSE(allows("credentials: { directory: a }"));
  EXPECT_FALSE(allows("basic_auth: { username: a, password: b }"));
  EXPECT_TRUE(allows("oauth2: { client_id: a, client_secret: b, token_url: https://c/d }"));
}

TEST(WaysInTest, AllowsThePointerToTheWholeAnswer) {
  const auto loaded = parseYaml(
      presets::products(),
      "targets: [ { url: https://a, credentials: { directory: b }, login: { url: /, basic_auth: "
      "true, token: { json: '' }, expires: { json: '' } } } ]",
      "p.yml", "/");
  EXPECT_THAT(loaded.errors, IsEmpty());
  const auto& login = *loaded.config.targets.at(0).login;
  EXPECT_TRUE(login.token.whole_json && login.expires->whole_json);
  EXPECT_TRUE(login.token.inBody());
}

TEST(WaysInTest, TurnsOauth2IntoALogin) {
  const auto target = waysIn().at(8);

  ASSERT_TRUE(target.oauth2 && target.login && target.credentials);
  EXPECT_TRUE((target.oauth2->host == Url{"idp.internal", 8443, ""}));
  EXPECT_THAT(target.oauth2->scopes, ElementsAre("metrics.read", "profile"));
  EXPECT_EQ(target.oauth2->endpoint_params,
            (Pairs{{"audience", "metrics"}, {"resource", "https://localhost/{{username}}"}}));
  EXPECT_EQ(target.oauth2->tls.ca_file, "/etc/postern/idp-ca.crt");
  EXPECT_EQ(target.oauth2->tls.crl_file, "/etc/postern/idp-crl.pem");
  EXPECT_EQ(target.login->url, "/realms/a/token/?tenant=b");
  EXPECT_EQ(target.login->send_as, "Authorization: Bearer {{token}}");
  EXPECT_EQ(target.credentials->file->username, "urn:postern");
  EXPECT_EQ(target.credentials->file->password_file, "/etc/postern/secret");
  EXPECT_TRUE(target.credentials->file->colon_allowed);
}

}  // namespace
}  // namespace postern::config
