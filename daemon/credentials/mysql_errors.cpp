#include "credentials/mysql_errors.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/host_port.h"

namespace postern::credentials {
namespace {

constexpr std::string_view kNeedsTls =
    ", or set tls_config, because the server may require TLS and a client certificate";

struct Meaning {
  unsigned int code;
  bool denied;  // the database denies this account: another attempt soon would only be denied again
  std::string_view what;
};

// Codes below 2000 and from 3000: https://mariadb.com/kb/en/mariadb-error-code-reference/. Codes
// between them and from 5000 are the driver's own (errmsg.h).
constexpr std::array<Meaning, 30> kMeanings = {{
    {1044, true, "denies access to the database: grant it to the user"},
    {1045, true, "denies access: check user, password and the host that the account is for"},
    {1129, true, "has blocked this host after too many failed connections: run FLUSH HOSTS on it"},
    {1130, true, "accepts no connection from this host: create the account for it"},
    {1142, true, "denies SELECT on the table: grant it, or query a view that may be read"},
    {1143, true, "denies SELECT on a column: grant it, or query a view that may be read"},
    {1227, true, "denies access: the query needs a privilege that the account lacks"},
    {1370, true, "denies EXECUTE on a routine of the query: grant it"},
    {1524, true, "does not know the account's authentication plugin: change the account"},
    {1698, true, "denies access: the account accepts no password, use one that does"},
    {1820, true, "requires a change of the account's password: set a new one"},
    {1862, true, "says that the account's password has expired: set a new one"},
    {3118, true, "says that the account is locked: unlock it"},
    {3159, true, "accepts only encrypted connections: set tls_config"},
    {4151, true, "says that the account is locked: unlock it"},
    {1040, false, "has too many connections: raise max_connections"},
    {1049, false, "has no such database: correct database"},
    {1054, false, "does not know the column: correct query"},
    {1064, false, "finds a syntax error: correct query"},
    {1146, false, "has no such table: correct query or database"},
    {1203, false, "has too many connections of this user: raise max_user_connections"},
    {1226, false, "has too many connections of this user: raise its limit"},
    {1267, false,
     "cannot compare the target's name with a column of another collation: add a "
     "COLLATE to query"},
    {1356, false, "cannot read the view: its definer lacks a privilege or its table is gone"},
    {2002, false, "cannot be reached: check that the server runs and that host and port are right"},
    {2005, false, "has no address: correct host, or fix the name service"},
    {2006, false, "closed the connection: see the server's log"},
    {2013, false, "closed the connection or did not answer in time: see the server's log"},
    {2059, true,
     "requires an authentication plugin that is missing: mount the plugins of libmariadb and "
     "name their folder in MARIADB_PLUGIN_DIR"},
    {5010, false,
     "asks for the password itself (caching_sha2_password, sha256_password or clear text), which a "
     "connection without TLS would reveal; the password was not sent: set tls_config (ca.crt in "
     "a mounted folder), or let the account use ed25519 or mysql_native_password"},
}};

std::string_view meaningOf(TlsCheck check) {
  switch (check) {
    case TlsCheck::Offered: return "offers no TLS: set up its certificate (ssl_cert, ssl_key)";
    case TlsCheck::Issuer:
      return "presents a certificate of an issuer that is not trusted: set tls_config.ca_file to "
             "its "
             "CA, and let the server send its chain";
    case TlsCheck::Expired:
      return "presents a certificate that has expired or is not yet valid: renew it";
    case TlsCheck::Revoked:
      return "presents a certificate that tls_config.crl_file lists as revoked: give the server a "
             "new "
             "certificate";
    case TlsCheck::Crl:
      return "presents a certificate that cannot be checked for revocation: put a current CRL of "
             "each CA of its chain into tls_config.crl_file";
    case TlsCheck::Name:
      return "presents a certificate for another host name: use a name of the certificate as host";
    case TlsCheck::OurMaterial:
      return "was not contacted: a file of tls_config is missing or not PEM: correct ca_file, "
             "crl_file, "
             "cert_file and key_file";
    case TlsCheck::None:
    case TlsCheck::Other: break;
  }
  return "ended the TLS handshake: check that cert_file and key_file belong together, that "
         "key_password_file opens the key if it is encrypted, that the server trusts their issuer "
         "and that both sides share a TLS version";
}

std::string numbered(unsigned int code, std::string_view what) {
  return fmt::format("(error {}) {}", code, what);
}

}  // namespace

std::string nameOf(const config::MysqlCredentials& database) {
  if (database.host.empty())
    return fmt::format("mysql (of folder {})", database.directory.string());
  return fmt::format("mysql {} (database {}, user {})", joinHostPort(database.host, database.port),
                     database.database, database.user);
}

Error explainMysql(const config::MysqlCredentials& database, unsigned int code, TlsCheck check) {
  const auto place = nameOf(database) + " ";
  if (code == 2026)
    return withRemedy(Fault::CredentialSource, place + numbered(code, meaningOf(check)));
  const auto* meaning = std::find_if(kMeanings.begin(), kMeanings.end(),
                                     [&](const Meaning& known) { return known.code == code; });
  if (meaning == kMeanings.end()) {
    return withRemedy(Fault::CredentialSource,
                      place + numbered(code, "failed: see the server's log"));
  }
  auto what = place + numbered(code, meaning->what);
  if (code == 1045 && (!database.tls || database.tls->cert_file.empty())) what += kNeedsTls;
  return withRemedy(meaning->denied ? Fault::LoginRejected : Fault::CredentialSource,
                    std::move(what));
}

}  // namespace postern::credentials
