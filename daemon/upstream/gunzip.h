#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

struct inflate_state;

namespace postern::upstream {

// Unpacks a gzip stream (RFC 1952) of one or several members, in blocks of at most 64 KiB
// whatever the input unfolds to. Takes about 200 KiB while it lives. After an error the
// object is spent.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();

  // The next unpacked block, which lives until the next call. Takes what it needs from the front
  // of `packed`; empty when that was all of it and more is needed. Errors: Format (corrupt, wrong
  // checksum).
  Result<std::string_view> next(std::string_view& packed);
  // The end of the body. Errors: Truncated when it lies inside of a member.
  Result<void> finish() const;

 private:
  std::unique_ptr<inflate_state> state_;
  std::unique_ptr<char[]> block_;
  bool inside_ = false;  // of a member
  bool full_ = false;    // the last block: then more may come without further input
};

}  // namespace postern::upstream
