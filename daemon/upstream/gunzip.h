#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "upstream/exchange.h"

struct inflate_state;

namespace postern::upstream {

// Unpacks a gzip stream (RFC 1952) of one or several members, in blocks of at most 64 KiB
// whatever the input unfolds to. Takes about 200 KiB while it lives. After an error the
// object is spent.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();

  // Hands what `packed` unfolds to to `out`. Errors: Format (corrupt, wrong checksum), and
  // what `out` returns.
  Result<void> feed(std::string_view packed, const OnBody& out);
  // The end of the body. Errors: Truncated when it lies inside of a member.
  Result<void> finish() const;

 private:
  std::unique_ptr<inflate_state> state_;
  std::unique_ptr<char[]> block_;
  bool inside_ = false;  // of a member
};

}  // namespace postern::upstream
