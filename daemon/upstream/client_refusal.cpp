#include "upstream/client_refusal.h"

#include <string>

namespace postern::upstream {
namespace {

// Statuses that only nginx has. It answers 400 instead unless an error_page names them.
constexpr int kCertificateError = 495;
constexpr int kCertificateRequired = 496;

bool holds(std::string_view body, std::string_view text) {
  return body.find(text) != std::string_view::npos;
}

}  // namespace

bool saysWhyInItsBody(int status) {
  return status == 400;
}

bool refusesClientCertificate(int status, std::string_view body) {
  if (status == kCertificateError || status == kCertificateRequired) return true;
  return saysWhyInItsBody(status) &&
         (holds(body, "SSL certificate") || holds(body, "client certificate"));
}

Error clientRefusal(int status, std::string_view body, bool shown) {
  const std::string answered = "answered " + std::to_string(status);
  const bool wanted = status == kCertificateRequired || holds(body, "No required SSL certificate");
  const bool refused = status == kCertificateError || holds(body, "SSL certificate error");
  if (!shown && !refused) {
    return withRemedy(Fault::Tls, answered + ": the service requires a client certificate",
                      "set cert_file and key_file, or mount tls.crt and tls.key into --tls.dir",
                      Detail::ClientCertificate);
  }
  return withRemedy(Fault::Tls,
                    answered + (wanted ? ": the service requires a client certificate, and does "
                                         "not accept ours"
                                       : ": the service refused our client certificate"),
                    "put one of a CA that it trusts, with its intermediates, into cert_file, with "
                    "its key in key_file",
                    Detail::ClientCertificate);
}

}  // namespace postern::upstream
