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
std::string_view nameOf(Wanted wanted);
// "`filter < FILE | filter > new.pem`"
std::string commandOf(const std::vector<std::string>& filters, const std::string& file,
                      Wanted wanted);

// What stands in place of PEM.
struct FileShape {
  std::string is;                    // "is a certificate as DER"
  std::vector<std::string> filters;  // that make of it what is wanted; may be empty
  std::string remedy;                // in words; follows the command when there is one
};
// None for text that says nothing of itself.
std::optional<FileShape> shapeOf(std::string_view content, Wanted wanted, const std::string& file);

// Filters that take what is wanted out of `content`; empty: it is not in there.
std::vector<std::string> conversionOf(Content content, bool der, Wanted wanted);
// What to do when a file holds `content` in place of what is wanted.
std::string insteadOf(Content content, Wanted wanted, const std::string& file);

}  // namespace postern::tls
