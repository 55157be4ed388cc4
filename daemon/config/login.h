#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"

namespace postern::config {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// A header with the kinds of values that Prometheus has: each value is sent, in this order.
struct HttpHeader {
  std::string name;
  std::vector<std::string> values;
  std::vector<Secret> secrets;
  std::vector<std::filesystem::path>
      files;  // each contains one value and is read for every request
  bool operator==(const HttpHeader&) const = default;
};
using HttpHeaders = std::vector<HttpHeader>;

struct BackoffOptions {  // see session/backoff.h
  milliseconds initial = seconds(1);
  milliseconds max = minutes(5);
  milliseconds rejected = seconds(60);
  milliseconds throttled = seconds(60);
  int max_rejected = 3;
  milliseconds retry_rejected = minutes(15);  // 0: never again until the credential changes
  bool operator==(const BackoffOptions&) const = default;
};

// Where the login's response contains a value: exactly one is set.
struct AnswerPlace {
  std::string json;         // a JSON pointer, RFC 6901
  std::string header;       // a header's name
  std::string cookie{};     // a cookie's name, RFC 6265; only for a token
  bool whole_json = false;  // the pointer "": the answer is a JSON string or number
  bool inBody() const { return whole_json || !json.empty(); }
  bool operator==(const AnswerPlace&) const = default;
};

struct Logout {
  std::string method = "POST";
  std::string url;
  bool operator==(const Logout&) const = default;
};

// The login as declared. `{{username}}` and `{{password}}` are replaced in json_body and form,
// `{{token}}` in send_as.
struct Login {
  std::string url;  // path and query, relative to the target's url
  std::string method = "POST";
  bool basic_auth = false;
  std::string json_body;     // JSON text with placeholders inside strings; may be empty
  Pairs form;                // excludes json_body
  HttpHeaders http_headers;  // of the login and the logout
  std::vector<int>
      success;  // empty: any 2xx; also 302 and 303 if a header or cookie contains the token
  // Statuses that reject the credential, in addition to each 4xx except 404, 405, 408 and 429. No
  // status of `success`.
  std::vector<int> rejected;
  AnswerPlace token;
  // Not set: the expiry of the cookie that contains the token, otherwise one hour.
  std::optional<AnswerPlace> expires;
  std::string send_as = "Authorization: Bearer {{token}}";
  std::optional<Logout> logout;
  bool logout_at_exit = false;
  BackoffOptions backoff;
  bool operator==(const Login&) const = default;
};

}  // namespace postern::config
