#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/target.h"

// Names the shape that a certificate, CRL or key has when OpenSSL cannot read it, and the command
// that mends it. Nothing of the content gets into a text.
namespace postern::tls {

enum class Wanted { Certificate, Crl, Key, Bundle };

// Blocks of what is wanted, in whatever shape. OpenSSL passes over many of them in silence, so each
// that it has not read is lost.
std::size_t countBlocks(std::string_view pem, Wanted wanted);
// Whether one of them is in a shape that OpenSSL passes over.
bool losesBlocks(std::string_view pem, Wanted wanted);

// Why not everything wanted was read from `content`: "FILE: the certificate at line 3 is indented,
// ...". Names each lost block with its line, else what the file is instead. `reason` is OpenSSL's.
std::string explainUnread(std::string_view content, Wanted wanted, const config::Path& file,
                          const std::string& reason);

}  // namespace postern::tls
