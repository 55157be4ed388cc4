#include "tls/openssl.h"

#include <openssl/err.h>

namespace postern::tls {

std::string takeReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason != nullptr ? reason : "unknown error";
  ERR_clear_error();
  return text;
}

}  // namespace postern::tls
