#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

struct inflate_state;

namespace postern::upstream {

// Decompresses a gzip stream (RFC 1952) of one or several members, in blocks of at most 64 KiB,
// whatever the compression ratio. Needs about 200 KiB during its life. After an error the object is
// unusable.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();

  // The next decompressed block, which lives until the next call. Consumes input from the front of
  // `packed`. Empty when it has consumed all input and needs more. Errors: Format (corrupt, wrong
  // checksum).
  Result<std::string_view> next(std::string_view& packed);
  // Call at the end of the body. Errors: Truncated if the end is inside a member.
  Result<void> finish() const;

 private:
  std::unique_ptr<inflate_state> state_;
  std::unique_ptr<char[]> block_;
  bool inside_ = false;  // within a member
  bool full_ = false;    // the last block was full, so more may follow without further input
};

}  // namespace postern::upstream
