#pragma once

#include "config/target.h"
#include "credentials/source.h"
#include "session/login.h"
#include "upstream/http_client.h"

// The client credentials grant of OAuth2 (RFC 6749 section 4.4): what is sent to the token endpoint
// and what its answer means. Pure.
namespace postern::session {

// Where the client's id and secret stand (RFC 6749 section 2.3.1). Servers must know the header,
// and some know only the body.
enum class ClientAuth { Header, Body };

// `login` has the endpoint's path; the credential is the client's id and secret.
upstream::Request makeTokenRequest(const config::Oauth2& oauth2, const config::Login& login,
                                   const credentials::Credential& client, ClientAuth auth);

// As readLogin() does, with the words of OAuth2. A token of another type than Bearer is an error.
Result<Token> readTokenAnswer(const config::Login& login, const upstream::Response& response,
                              const Secret& body, SystemTime now);

// Whether the answer may mean that the client's credential was looked for in another place.
bool suggestsOtherAuth(const upstream::Response& response, const Secret& body);

}  // namespace postern::session
