#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/target.h"

// Explains why OpenSSL cannot read a certificate, CRL or key, and which command fixes it. Texts
// never contain any of the content.
namespace postern::tls {

enum class ExpectedPem { Certificate, Crl, Key, Bundle };

// Number of blocks of the wanted kind, in any layout. OpenSSL skips many of them silently, so each
// one that it has not read is lost.
std::size_t countBlocks(std::string_view pem, ExpectedPem wanted);
// Whether one of them has a layout that OpenSSL skips.
bool losesBlocks(std::string_view pem, ExpectedPem wanted);

// Why OpenSSL did not read everything wanted from `content`: "FILE: the certificate at line 3 is
// indented, ...". Names each lost block with its line, else what the file is instead. `reason` is
// OpenSSL's.
std::string explainUnread(std::string_view content, ExpectedPem wanted, const config::Path& file,
                          const std::string& reason);

}  // namespace postern::tls
