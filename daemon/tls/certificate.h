#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "tls/material.h"
#include "tls/openssl.h"

// What a certificate says, as values and as printable text.
namespace postern::tls {

SystemTime systemTimeOf(const ASN1_TIME& time);
Validity validityOf(const X509& certificate);
// That of the certificate which expires first; requires that there is one.
Validity earliestOf(const Chain& chain);

// Less than a fifth of its life is left, and less than two weeks.
bool expiresSoon(const Validity& validity, SystemTime now);

// The common name, or the whole name when it has none; printable and short.
std::string nameText(const X509_NAME& name);
std::string subjectOf(const X509& certificate);
std::string issuerOf(const X509& certificate);
// Its URIs, of which an X.509-SVID has one: its SPIFFE ID.
std::vector<std::string> urisOf(const X509& certificate);
// Whether it names a host, an address or a URI in subjectAltName, the only place where names count
// (RFC 9525, section 2).
bool hasAlternativeNames(const X509& certificate);
// The names, addresses and URIs that it is valid for, "a, b and 3 more"; for people, its common
// name when there are none.
std::string namesOf(const X509& certificate);
Summary summaryOf(const X509& certificate);

bool hasSameKey(const X509& one, const X509& other);
// By name and signature. Key identifiers do not count, and whether `issuer` may sign neither.
bool hasIssued(X509& issuer, X509& subject);

// SHA-256 of the SubjectPublicKeyInfo, 32 bytes (RFC 7469 section 2.4).
std::string pinOf(const X509& certificate);

}  // namespace postern::tls
