// Errors of files, reported when they are loaded.
#include "tls/material.h"
#include "base/date.h"

#include <gmock/gmock.h>

#include "tls/certificate.h"
#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

using std::chrono::hours;
using testing::Identity;
using testing::makeAuthority;
using testing::makeClient;
using testing::Use;

class MaterialTest : public ::testing::Test {
 protected:
  void fails(const std::string& words) {
    const auto loaded = mount.load();
    if (loaded) {
      ADD_FAILURE() << "loaded, instead of: " << words;
      return;
    }
    EXPECT_EQ(loaded.error().fault, Fault::Tls);
    EXPECT_EQ(loaded.error().what, words);
  }
  std::string file(const std::string& name) const { return mount.path(name); }

  Identity ca = makeAuthority();
  Identity client = makeClient(ca);
  Mount mount;
};

TEST_F(MaterialTest, LoadsWithAndWithoutEachFile) {
  EXPECT_TRUE(mount.load());
  mount.ca(ca);
  EXPECT_TRUE(mount.load());
  mount.pair(client);
  EXPECT_TRUE(mount.load());
}

TEST_F(MaterialTest, WantsSomethingInTheFolder) {
  mount.optional();
  const auto folder = mount.path("").parent_path().string();
  fails("the folder " + folder +
        " holds none of ca.crt, tls.crt and tls.key: mount the secret there");
  mount.ca(ca);
  EXPECT_TRUE(mount.load());
}

TEST_F(MaterialTest, WantsTheCaThatIsNamedBesideTheFolder) {
  mount.pair(client);
  mount.optional();
  mount.config.ca_file = file("other/ca.crt");
  EXPECT_TRUE(mount.load()) << "as in the folder";
  mount.config.needs_ca = true;
  fails(file("other/ca.crt") + ": no such file: mount it, or correct the file name");
}

TEST_F(MaterialTest, ReportsTheEarliestExpiryOfEachFile) {
  const auto short_lived = makeAuthority("Intermediate", ca);
  const auto leaf = short_lived.issue({.common_name = "scraper",
                                       .names = {},
                                       .use = Use::Client,
                                       .begins = -hours(2),
                                       .ends = hours(99)});
  mount.ca(ca).pair(leaf.certificate() + short_lived.certificate(), leaf.key());
  const auto loaded = mount.load();
  ASSERT_TRUE(loaded) << loaded.error().what;

  EXPECT_EQ((*loaded)->clientValidity()->not_after, validityOf(*short_lived.x509()).not_after);
  EXPECT_EQ((*loaded)->clientValidity()->not_before, validityOf(*short_lived.x509()).not_before);
  EXPECT_EQ((*loaded)->caValidity()->not_after, validityOf(*ca.x509()).not_after);
}

TEST_F(MaterialTest, ReadsCertificateAndKeyFromOneFile) {
  mount.pair(client.certificate() + client.key(), "");
  mount.config.key_file = mount.config.cert_file;

  EXPECT_TRUE(mount.load());
}

TEST_F(MaterialTest, SaysWhichFileCannotBeRead) {
  mount.ca(ca).pair(client);
  mount.config.ca_file = mount.path("absent.crt");
  fails(file("absent.crt") + ": no such file: mount it, or correct the file name");

  mount.config.ca_file = mount.path("");
  fails(file("") + ": is a directory: name the PEM file in it");

  mount.config.ca_file = "/dev/null";
  fails("/dev/null: is not a regular file: name a PEM file");
}

TEST_F(MaterialTest, RefusesAKeyOfAnotherCertificate) {
  mount.pair(client.certificate(), makeClient(ca).key());

  fails(file("tls.key") + ": the key does not match the certificate 'scraper' of " +
        file("tls.crt") + ": mount the two of one pair");
}

TEST_F(MaterialTest, RefusesAClientCertificateOutsideOfItsDates) {
  const auto old = ca.issue({.common_name = "old",
                             .names = {},
                             .use = Use::Client,
                             .begins = -hours(48),
                             .ends = -hours(24)});
  mount.pair(old);
  fails(file("tls.crt") + ": client certificate 'old' expired at " +
        rfc3339(validityOf(*old.x509()).not_after) + ": renew it");

  const auto early = ca.issue({.common_name = "early",
                               .names = {},
                               .use = Use::Client,
                               .begins = hours(24),
                               .ends = hours(48)});
  mount.pair(early);
  fails(file("tls.crt") + ": client certificate 'early' is not yet valid, it begins at " +
        rfc3339(validityOf(*early.x509()).not_before) +
        ": wait until then, or correct the clock of this machine");
}

TEST_F(MaterialTest, TakesMissingFilesOfAFolderAsNotConfigured) {
  mount.optional();
  mount.pair(client);
  const auto loaded = mount.load();
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_TRUE((*loaded)->clientValidity());
  EXPECT_FALSE((*loaded)->caValidity());
}

TEST_F(MaterialTest, RefusesHalfAPairInAFolder) {
  mount.optional().pair(client);
  std::filesystem::remove(mount.path("tls.key"));
  fails(file("tls.crt") + ": exists without its key: add " + file("tls.key") + ", or remove both");

  mount.pair(client);
  std::filesystem::remove(mount.path("tls.crt"));
  fails(file("tls.key") + ": exists without its certificate: add " + file("tls.crt") +
        ", or remove both");
}

TEST_F(MaterialTest, BoundsDatesThatTheClockCannotTell) {
  const auto forever = Identity::selfSigned({.common_name = "forever",
                                             .names = {},
                                             .use = Use::Authority,
                                             .ends = hours(24 * 365 * 1000)});
  mount.ca(forever);
  const auto loaded = mount.load();
  ASSERT_TRUE(loaded) << loaded.error().what;

  EXPECT_GT((*loaded)->caValidity()->not_after,
            std::chrono::system_clock::now() + hours(24 * 365 * 200));
}

}  // namespace
}  // namespace postern::tls
