// certs/make.sh, which makes the certificates of the demonstration.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "fakes/test_data.h"
#include "unit/tls/handshake.h"
#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RecipeTest : public ::testing::Test {
 protected:
  void make(const std::string& names = "") {
    const fs::path recipe = testing::dataFolder() / "../../certs/make.sh";
    ASSERT_EQ(
        std::system(
            (recipe.string() + ' ' + folder.path().string() + ' ' + names + " >/dev/null").c_str()),
        0);
  }
  std::string read(const std::string& name) const {
    std::ostringstream content;
    content << std::ifstream(folder.path() / name).rdbuf();
    return content.str();
  }
  // A handshake between the client's and the server's certificate; returns its error.
  std::string shake(const std::string& host) const {
    config::Tls config;
    config.ca_file = folder.path() / "ca.crt";
    config.cert_file = folder.path() / "tls.crt";
    config.key_file = folder.path() / "tls.key";
    const auto material = Material::load(config, std::chrono::system_clock::now());
    if (!material) return material.error().what;
    Server server;
    server.shows(folder.path() / "server.crt", folder.path() / "server.key")
        .requiresClientsOf(config.ca_file);
    const auto outcome = shakeHands(**material, server, host);
    return outcome.error ? outcome.error->what : "accepted";
  }

  testing::TemporaryFolder folder;
};

TEST_F(RecipeTest, MakesAPairForEachEnd) {
  make();

  EXPECT_EQ(shake("whatsapp-web"), "accepted");
  EXPECT_THAT(shake("localhost"), HasSubstr("certificate is for whatsapp-web, not localhost"));
}

TEST_F(RecipeTest, KeepsKeysAndTakesFurtherNames) {
  make();
  const auto keys = [&] { return read("ca.key") + read("server.key") + read("tls.key"); };
  const std::string kept = keys();
  const std::string client = read("tls.crt");

  make("localhost 127.0.0.1 ::1");

  EXPECT_EQ(keys(), kept);
  EXPECT_EQ(read("tls.crt"), client);
  for (const char* host : {"whatsapp-web", "localhost", "127.0.0.1", "::1"}) {
    EXPECT_EQ(shake(host), "accepted") << host;
  }
}

}  // namespace
}  // namespace postern::tls
