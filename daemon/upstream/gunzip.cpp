#include "upstream/gunzip.h"

#include <isa-l/igzip_lib.h>

namespace postern::upstream {
namespace {

constexpr std::size_t kOutputBlock = 64U << 10;

std::string_view complaint(int code) {
  switch (code) {
    case ISAL_INVALID_WRAPPER: return "it is not gzip, or other bytes follow its end";
    case ISAL_UNSUPPORTED_METHOD: return "it is compressed by a method other than deflate";
    case ISAL_INCORRECT_CHECKSUM: return "its checksum is wrong";
    default: return "it is corrupt";
  }
}

}  // namespace

Gunzip::Gunzip()
    : state_(std::make_unique_for_overwrite<inflate_state>()),
      block_(std::make_unique_for_overwrite<char[]>(kOutputBlock)) {
  isal_inflate_init(state_.get());
  state_->crc_flag = ISAL_GZIP;
}

Gunzip::~Gunzip() = default;

Result<std::string_view> Gunzip::next(std::string_view& packed) {
  while (!packed.empty() || full_) {
    if (!inside_) {
      isal_inflate_reset(state_.get());
      inside_ = true;
    }
    // isal takes a non-const pointer but does not change the bytes.
    state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(packed.data()));
    state_->avail_in = static_cast<std::uint32_t>(packed.size());
    state_->next_out = reinterpret_cast<std::uint8_t*>(block_.get());
    state_->avail_out = kOutputBlock;
    const int code = isal_inflate(state_.get());
    if (code != ISAL_DECOMP_OK) {
      return Error{Fault::Format,
                   "the gzip body cannot be decompressed: " + std::string(complaint(code))};
    }
    packed.remove_prefix(packed.size() - state_->avail_in);
    full_ = state_->avail_out == 0;
    if (state_->block_state == ISAL_BLOCK_FINISH) inside_ = full_ = false;
    const std::string_view block(block_.get(), kOutputBlock - state_->avail_out);
    if (!block.empty()) return block;
  }
  return std::string_view();
}

Result<void> Gunzip::finish() const {
  if (!inside_) return {};
  return Error{Fault::Truncated, "the body ended inside of its gzip stream"};
}

}  // namespace postern::upstream
