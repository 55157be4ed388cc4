#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "config/format.h"
#include "config/limits.h"
#include "config/login.h"
#include "config/reshape.h"
#include "config/tls.h"

// The configuration of a target: plain values with every default and unit. They are complete and
// valid once config::load has returned them. Presets are already applied, and relative file names
// already joined with the folder of the config file.
namespace postern::config {

struct Url {         // https only
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 443;
  // "" or begins with a slash, without one at the end. Prefix of each page's path.
  std::string path;
  std::string server_name = {};  // of tls_config: sent as Host instead of `host`; may be empty
  bool operator==(const Url&) const = default;
  // "host:port"; an IPv6 address is in brackets.
  std::string authority() const;
};

// The URL for requests: with the name that the server's certificate has to prove.
inline Url named(Url url, const Tls& tls) {
  url.server_name = tls.server_name;
  if (url.server_name.size() > 1 && url.server_name.ends_with('.')) url.server_name.pop_back();
  return url;
}

// Each secret is given either inline or by file, never both.
struct FileCredentials {
  std::string username;
  Secret password, api_key, token;
  Path username_file, password_file, api_key_file, token_file;
  // Contains files named username, password, api_key, token; excludes everything above.
  Path directory;
  bool half_allowed = false;   // for basic_auth: a user name or a password alone is a credential
  bool colon_allowed = false;  // in the user name: no Basic header contains it unescaped
  bool operator==(const FileCredentials&) const = default;
};

struct MysqlCredentials {
  std::string host;
  std::uint16_t port = 3306;
  std::string database;
  std::string user;
  Secret password;
  Path password_file;  // excludes password
  // Of its fields only the four PEM files and key_password_file are used. Not set: a connection
  // without TLS.
  std::optional<Tls> tls;
  // Exactly one `?`, bound to the target's name; empty: the default, which reads Teleport's tables.
  std::string query;
  // Contains files named host, port, database, username, password, query, ca.crt, tls.crt and
  // tls.key; excludes everything above.
  Path directory;
  bool colon_allowed = false;  // in the user name, as above
  // How often to look for a change while the credential works; at least 1 s.
  seconds refresh_interval{3600};
  bool operator==(const MysqlCredentials&) const = default;
};

struct Credentials {  // exactly one is set
  std::optional<FileCredentials> file;
  std::optional<MysqlCredentials> mysql;
  // How a token of the credential is sent: "Authorization: <type> <token>".
  std::string authorization_type = "Bearer";
  bool operator==(const Credentials&) const = default;
};

// The client credentials grant (RFC 6749 section 4.4). It is a login: the target's `login` has the
// path on this host, its `credentials` are client_id and client_secret.
struct Oauth2 {
  Url host;  // of token_url, without its path; may differ from the target's
  std::vector<std::string> scopes;
  Pairs endpoint_params;  // without grant_type and secrets
  Tls tls;                // for that host; the target's own settings do not apply to it
  bool operator==(const Oauth2&) const = default;
};

// The default timeout of a page that is not required.
inline constexpr milliseconds kOptionalPageTimeout = seconds(2);

struct Page {
  std::string path;  // begins with a slash
  PageFormat format = {};
  Pairs params;
  bool required = true;
  // 0: the timeout of the scrape. The default of a page that is not required is 2 s.
  milliseconds timeout{0};
  milliseconds min_interval{0};  // the last valid page is served again until it is this old
  std::vector<std::string> options = {};  // of its JsonFormat, those that are true
  bool operator==(const Page&) const = default;
  // The value of the label `page` in metrics, and the page's name in messages.
  std::string_view name() const { return path; }
};

struct Target {
  std::string name = "default";  // [A-Za-z0-9._-]{1,63}
  std::string preset = "none";   // or the name of a product
  Url url;
  milliseconds scrape_timeout = seconds(10);
  Limits limits;
  bool strict = false;  // check the semantics of OpenMetrics, not just what Prometheus refuses
  Reshape reshape;
  std::size_t hold_back = 1U << 20;    // bytes of output before streaming begins
  std::size_t merge_limit = 8U << 20;  // bytes of all pages of a merged target together
  milliseconds share_for{0};
  int max_concurrent_scrapes = 2;
  bool append_self = false;
  bool honor_timestamps = true;
  bool follow_redirects = true;  // same scheme, host and port only
  Pairs params;                  // of every page
  HttpHeaders http_headers;      // of every page
  Tls tls;
  std::optional<Credentials> credentials;  // not set: the client certificate is the only credential
  std::optional<Login> login;
  std::optional<Oauth2> oauth2;  // sets credentials and login too
  std::vector<Page> pages;       // at least one
  bool operator==(const Target&) const = default;
};

}  // namespace postern::config
