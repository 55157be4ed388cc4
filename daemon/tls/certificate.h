#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "tls/material.h"
#include "tls/openssl.h"

// The content of a certificate, as values and as printable text.
namespace postern::tls {

SystemTime systemTimeOf(const ASN1_TIME& time);
Validity validityOf(const X509& certificate);
// The validity of the certificate that expires first. Requires a chain that is not empty.
Validity earliestOf(const Chain& chain);

// Whether less than a fifth of its life and less than two weeks are left.
bool expiresSoon(const Validity& validity, SystemTime now);

// The common name, else the whole name; printable and short.
std::string nameText(const X509_NAME& name);
std::string subjectOf(const X509& certificate);
std::string issuerOf(const X509& certificate);
// Its URIs. An X.509-SVID has exactly one: its SPIFFE ID.
std::vector<std::string> urisOf(const X509& certificate);
// Whether subjectAltName has a host, an address or a URI. Names count only there (RFC 9525, section
// 2).
bool hasAlternativeNames(const X509& certificate);
// The names, addresses and URIs that it is valid for, "a, b and 3 more". For people: without any of
// them, its common name.
std::string namesOf(const X509& certificate);
Summary summaryOf(const X509& certificate);

bool hasSameKey(const X509& one, const X509& other);
// Compares by name and signature. Ignores key identifiers, and whether `issuer` may sign.
bool hasIssued(X509& issuer, X509& subject);

// SHA-256 of the SubjectPublicKeyInfo, 32 bytes (RFC 7469 section 2.4).
std::string pinOf(const X509& certificate);

}  // namespace postern::tls
