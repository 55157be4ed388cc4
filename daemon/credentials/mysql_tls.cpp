#include "credentials/mysql_tls.h"

#include <dlfcn.h>
#include <mysql.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cassert>
#include <string_view>

#include "tls/chain_search.h"

// How to wrap a function of libmariadb. With the shared library: the program defines the same name,
// which the loader finds first; dlsym finds the next one. With the static library: `ld --wrap`
// redirects the calls to this function and renames libmariadb's.
#ifdef POSTERN_STATIC
#define POSTERN_OURS(name) __wrap_##name
#define POSTERN_THEIRS(name) __real_##name
extern "C" decltype(mysql_real_connect) __real_mysql_real_connect;
extern "C" decltype(mysql_stmt_fetch) __real_mysql_stmt_fetch;
extern "C" decltype(X509_check_host) __real_X509_check_host;
extern "C" decltype(SSL_CTX_load_verify_locations) __real_SSL_CTX_load_verify_locations;
#else
#define POSTERN_OURS(name) name
#define POSTERN_THEIRS(name) reinterpret_cast<decltype(&(name))>(dlsym(RTLD_NEXT, #name))
#endif

namespace postern::credentials {
namespace {

thread_local MysqlOpening* opening = nullptr;

MYSQL* realConnect(MYSQL* mysql, const char* host, const char* user, const char* password,
                   const char* database, unsigned int port, const char* unix_socket,
                   unsigned long flags) {
  static const auto connect = POSTERN_THEIRS(mysql_real_connect);
  return connect(mysql, host, user, password, database, port, unix_socket, flags);
}

const char* orNull(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

// libmariadb distinguishes the checks only by its message.
TlsCheck checkFrom(std::string_view message) {
  struct Sign {
    std::string_view text;
    TlsCheck check;
  };
  constexpr std::array<Sign, 12> signs = {{
      {"certificate revoked", TlsCheck::Revoked},
      {"CRL", TlsCheck::Crl},
      {"SSL is required, but the server does not support it", TlsCheck::Offered},
      {"Validation of SSL server certificate failed", TlsCheck::Name},
      {"hostname", TlsCheck::Name},
      {"issuer", TlsCheck::Issuer},
      {"self-signed", TlsCheck::Issuer},
      {"unable to verify", TlsCheck::Issuer},
      {"has expired", TlsCheck::Expired},
      {"not yet valid", TlsCheck::Expired},
      {"No such file", TlsCheck::OurMaterial},
      {"PEM", TlsCheck::OurMaterial},
  }};
  for (const auto& sign : signs) {
    if (message.find(sign.text) != std::string_view::npos) return sign.check;
  }
  return TlsCheck::Other;
}

// The driver needs a terminating zero, which a view does not guarantee.
Secret terminated(const Secret& secret) {
  Secret copy = secret;
  copy.append(std::string_view("\0", 1));
  return copy;
}

// A missing plugin has the code of a wrong password (1045), but its own message.
unsigned int codeFrom(MYSQL* mysql) {
  constexpr unsigned int kPluginCannotLoad = 2059;  // CR_AUTH_PLUGIN_CANNOT_LOAD
  const std::string_view message = mysql_error(mysql);
  const bool plugin = message.starts_with("Plugin ") &&
                      message.find("could not be loaded") != std::string_view::npos;
  return plugin ? kPluginCannotLoad : mysql_errno(mysql);
}

}  // namespace

MysqlOpening::MysqlOpening(const config::MysqlCredentials& database, const Secret& password,
                           const Secret& key_password, std::chrono::seconds patience)
    : database_(database),
      password_(password),
      key_password_(key_password),
      patience_(static_cast<unsigned int>(patience.count())) {
  assert(opening == nullptr);
  opening = this;
}

MysqlOpening::~MysqlOpening() {
  opening = nullptr;
}

void MysqlOpening::setOptions(st_mysql* mysql) const {
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &patience_);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &patience_);
  mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &patience_);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // Otherwise `localhost` means a Unix socket, whatever the port.
  const unsigned int tcp = MYSQL_PROTOCOL_TCP;
  mysql_options(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  // Otherwise the server may request any file of the client.
  const unsigned int no_local_files = 0;
  mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  if (!database_.tls) {
    // Only plugins that never send the password. caching_sha2_password and sha256_password encrypt
    // it with an RSA key from the server. An attacker in between can send another key.
    mysql_options(mysql, MARIADB_OPT_RESTRICTED_AUTH, "mysql_native_password,client_ed25519");
    // MySQL 8 proposes caching_sha2_password to every account, before it knows which one it is.
    mysql_options(mysql, MYSQL_DEFAULT_AUTH, "mysql_native_password");
    return;
  }
  const my_bool yes = 1;
  mysql_ssl_set(mysql, orNull(database_.tls->key_file), orNull(database_.tls->cert_file),
                orNull(database_.tls->ca_file), nullptr, nullptr);
  // Without a password the driver would prompt at the terminal, so an empty one is passed too.
  const Secret key_password = terminated(key_password_);
  mysql_options(mysql, MARIADB_OPT_TLS_PASSPHRASE, key_password.reveal().data());
  if (!database_.tls->crl_file.empty()) {
    mysql_options(mysql, MYSQL_OPT_SSL_CRL, database_.tls->crl_file.c_str());
  }
  mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

st_mysql* MysqlOpening::open(st_mysql* mysql, unsigned long flags) {
  used_ = true;
  setOptions(mysql);
  const Secret password = terminated(password_);
  auto* connected =
      realConnect(mysql, database_.host.c_str(), database_.user.c_str(), password.reveal().data(),
                  orNull(database_.database), database_.port, nullptr, flags);
  error_ = connected ? 0 : codeFrom(mysql);
  if (error_ == 2026) failed_check_ = checkFrom(mysql_error(mysql));
  return connected;
}

}  // namespace postern::credentials

extern "C" MYSQL* POSTERN_OURS(mysql_real_connect)(MYSQL* mysql, const char* host, const char* user,
                                                   const char* password, const char* database,
                                                   unsigned int port, const char* unix_socket,
                                                   unsigned long flags) {
  using namespace postern::credentials;
  if (opening) return opening->open(mysql, flags);
  return realConnect(mysql, host, user, password, database, port, unix_socket, flags);
}

extern "C" int POSTERN_OURS(mysql_stmt_fetch)(MYSQL_STMT* statement) {
  static const auto fetch = POSTERN_THEIRS(mysql_stmt_fetch);
  const int result = fetch(statement);
  return postern::credentials::opening && result == MYSQL_DATA_TRUNCATED ? 1 : result;
}

// libmariadb would accept the common name of a certificate without a DNS name: RFC 9525, section 2.
extern "C" int POSTERN_OURS(X509_check_host)(X509* certificate, const char* name, std::size_t size,
                                             unsigned int flags, char** matched) {
  static const auto check = POSTERN_THEIRS(X509_check_host);
  return check(certificate, name, size, flags | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, matched);
}

// libmariadb would follow one issuer of each certificate. It fills its store here.
extern "C" int POSTERN_OURS(SSL_CTX_load_verify_locations)(SSL_CTX* context, const char* file,
                                                           const char* folder) {
  static const auto load = POSTERN_THEIRS(SSL_CTX_load_verify_locations);
  if (postern::credentials::opening) {
    postern::tls::searchChains(SSL_CTX_get_cert_store(context));
    const auto verify = [](X509_STORE_CTX* store, void* /*argument*/) {
      return postern::tls::verifyAnyChain(store) == X509_V_OK ? 1 : 0;
    };
    SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
  }
  return load(context, file, folder);
}
