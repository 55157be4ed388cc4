#pragma once

#include "config/target.h"
#include "credentials/source.h"
#include "session/login.h"
#include "upstream/http_client.h"

// The client credentials grant of OAuth2 (RFC 6749 section 4.4): makes the request to the token
// endpoint and interprets its answer. Pure.
namespace postern::session {

// Where the request has the client's id and secret (RFC 6749 section 2.3.1). Servers must support
// the header, and some support only the body.
enum class ClientAuthMethod { Header, Body };

// `login` has the endpoint's path; the credential is the client's id and secret.
upstream::Request makeTokenRequest(const config::Oauth2& oauth2, const config::Login& login,
                                   const credentials::Credential& client, ClientAuthMethod auth);

// Like readLogin(), with the terms of OAuth2. A token of another type than Bearer is an error.
Result<Token> readTokenAnswer(const config::Login& login, const upstream::Response& response,
                              const Secret& body, SystemTime now);

// Whether the answer may mean that the server expects the client's credential in another place.
bool suggestsOtherAuth(const upstream::Response& response, const Secret& body);

}  // namespace postern::session
