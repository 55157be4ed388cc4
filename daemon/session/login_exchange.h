#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "async/scope.h"
#include "async/task.h"
#include "base/clock.h"
#include "config/target.h"
#include "credentials/headers.h"
#include "credentials/source.h"
#include "session/login.h"
#include "session/oauth2.h"
#include "upstream/http_client.h"

namespace postern::session {

// Sends the logins and the logout of one target, and reads the answers. One at a time, on one loop.
class LoginExchange {
 public:
  // `client` of the login's host and `clock` must outlive the object. Copies what it needs of
  // `target`.
  LoginExchange(const config::Target& target, upstream::HttpClient& client, const Clock& clock);

  // How the target logs in; not set: each page carries the credential.
  const std::optional<config::Login>& config() const { return login_; }

  // Requires config(). The references must live until it returns. Does one login, for which it may
  // send two requests to an OAuth2 endpoint. Errors: LoginRejected, LoginThrottled, LoginFailed,
  // and those of HttpClient.
  async::Task<Result<Token>> logIn(const credentials::Credential& credential,
                                   const credentials::SecretHeaders& headers, async::Scope& scope);
  // Any status but 2xx is a LoginFailed; else the errors of HttpClient.
  async::Task<Result<void>> logOut(upstream::Request request, async::Scope& scope);

  // The connection of the last login; not set: nothing was sent.
  const std::optional<upstream::TransportInfo>& transport() const { return transport_; }
  void forgetTransport() { transport_.reset(); }

 private:
  struct LoginResponse {
    upstream::Response response;
    Secret body;
  };
  struct TokenAnswer {
    Result<Token> token;
    bool suggests_other_auth = false;
  };

  async::Task<Result<Token>> logInForToken(const credentials::Credential& client,
                                           async::Scope& scope);
  async::Task<TokenAnswer> askForToken(const credentials::Credential& client, ClientAuthMethod auth,
                                       async::Scope& scope);
  async::Task<Result<LoginResponse>> send(upstream::Request request, async::Scope& scope);
  Result<LoginResponse> judge(std::optional<upstream::Response> head, Secret body,
                              std::optional<Error> error) const;

  const std::string url_path_;
  const CookieScope cookie_scope_;
  const std::optional<config::Login> login_;
  const std::optional<config::Oauth2> oauth2_;
  const bool shows_certificate_;  // to the host of the logins
  upstream::HttpClient& client_;
  const Clock& clock_;
  std::optional<ClientAuthMethod> client_auth_;  // the method that returned a token
  std::optional<upstream::TransportInfo> transport_;
};

}  // namespace postern::session
