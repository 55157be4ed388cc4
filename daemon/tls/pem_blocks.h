#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "tls/content.h"

// Finds PEM blocks (RFC 7468) in any layout: indented, on one line, with escaped line ends. OpenSSL
// skips these silently.
namespace postern::tls {

// Views of the text that contains the block.
struct PemBlock {
  std::string_view label;  // "CERTIFICATE"; foreign bytes unless `known`
  Content content = Content::Other;
  bool known = false;         // the label is known
  bool right_label = false;   // OpenSSL reads blocks of this label
  bool right_dashes = false;  // five dashes on each side, in both lines
  bool glued = false;         // the END of the previous block is on the same line
  std::size_t line = 1;       // line of BEGIN
  std::size_t last_line = 1;
  std::string_view text;      // from the beginning of its line to the next block's BEGIN
  std::string_view armour;    // from BEGIN to END, inclusive
  std::string_view prefix;    // text before the dashes of its line
  std::string_view rest;      // text after the dashes of its line
  std::string_view body;      // between the two lines
  std::string_view end_line;  // the whole END line; empty: END is missing
  std::string_view end_label;
};

// Calls `visit` with each block of `text`, in order, while that returns true. Ignores a BEGIN
// within prose.
void visitBlocks(std::string_view text, const std::function<bool(const PemBlock&)>& visit);

// Whether it is commented out with `#` or `;`.
bool isCommentedOut(const PemBlock& block);

}  // namespace postern::tls
