#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tls/content.h"
#include "tls/pem_shape.h"

// Files without a PEM block.
namespace postern::tls {

// "private key"
std::string_view nameOf(ExpectedPem wanted);
// "`filter < FILE | filter > new.pem`"
std::string commandOf(const std::vector<std::string>& filters, const std::string& file,
                      ExpectedPem wanted);

// The format of a file that is not PEM.
struct FileShape {
  std::string is;                    // "is a certificate as DER"
  std::vector<std::string> filters;  // filters that extract the wanted content; may be empty
  std::string remedy;                // in words; follows the command if one exists
};
// Not set for text of an unknown format.
std::optional<FileShape> shapeOf(std::string_view content, ExpectedPem wanted,
                                 const std::string& file);

// Filters that extract the wanted content from `content`; empty if it is not in there.
std::vector<std::string> conversionOf(Content content, bool der, ExpectedPem wanted);
// What to do when a file has `content` instead of the wanted content.
std::string insteadOf(Content content, ExpectedPem wanted, const std::string& file);

}  // namespace postern::tls
