#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "tls/content.h"

// PEM blocks (RFC 7468) in whatever shape people have them: indented, on one line, with escaped
// line ends. OpenSSL passes over these in silence.
namespace postern::tls {

// Views of the text that it was found in.
struct PemBlock {
  std::string_view label;  // "CERTIFICATE"; foreign bytes unless `known`
  Content content = Content::Other;
  bool known = false;         // the label
  bool right_label = false;   // OpenSSL reads blocks of this label
  bool right_dashes = false;  // five on each side, in both lines
  bool glued = false;         // the line holds the end of the block before it too
  std::size_t line = 1;       // of BEGIN
  std::size_t last_line = 1;
  std::string_view text;      // from its line's begin to the next block's BEGIN
  std::string_view armour;    // from BEGIN to END, both included
  std::string_view prefix;    // of its line, before the dashes
  std::string_view rest;      // of its line, after the dashes
  std::string_view body;      // between the two lines
  std::string_view end_line;  // all of it; empty: there is no END
  std::string_view end_label;
};

// Calls `visit` with each block of `text`, in its order, as long as that returns true. A BEGIN
// within prose is no block.
void visitBlocks(std::string_view text, const std::function<bool(const PemBlock&)>& visit);

// Whether somebody has switched it off with `#` or `;`.
bool isCommentedOut(const PemBlock& block);

}  // namespace postern::tls
