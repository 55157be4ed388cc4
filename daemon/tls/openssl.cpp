#include "tls/openssl.h"

#include <openssl/err.h>

namespace postern::tls {

Error tlsError(std::string sentence) {
  return withRemedy(Fault::Tls, std::move(sentence));
}

Error tlsError(std::string problem, std::string remedy) {
  return withRemedy(Fault::Tls, std::move(problem), std::move(remedy));
}

std::string takeReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason != nullptr ? reason : "unknown error";
  ERR_clear_error();
  return text;
}

}  // namespace postern::tls
