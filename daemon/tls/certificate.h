#pragma once

#include <openssl/x509.h>

#include <string>

#include "base/clock.h"
#include "tls/material.h"
#include "tls/openssl.h"

// What a certificate says, as values and as printable text.
namespace postern::tls {

Validity validityOf(const X509& certificate);
// That of the certificate which expires first; requires that there is one.
Validity earliestOf(const Chain& chain);

// "2026-11-02T10:00:00Z"
std::string timeText(SystemTime time);
// The common name, or the whole name when it has none; printable and short.
std::string subjectOf(const X509& certificate);
std::string issuerOf(const X509& certificate);
// The names and addresses that it is valid for, "a, b and 3 more"; the common name counts only when
// there are no others (RFC 6125 section 6.4.4).
std::string namesOf(const X509& certificate);

// SHA-256 of the SubjectPublicKeyInfo, 32 bytes (RFC 7469 section 2.4).
std::string pinOf(const X509& certificate);
std::string base64(const std::string& bytes);

}  // namespace postern::tls
