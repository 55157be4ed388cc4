#pragma once

#include <isa-l/igzip_lib.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postern::http {

// The decompressed `packed`; nullopt if it is not exactly one complete gzip member.
inline std::optional<std::string> inflated(std::string_view packed) {
  const auto state = std::make_unique<inflate_state>();
  isal_inflate_init(state.get());
  state->crc_flag = ISAL_GZIP;
  std::string bytes(packed);
  state->next_in = reinterpret_cast<std::uint8_t*>(bytes.data());
  state->avail_in = static_cast<std::uint32_t>(bytes.size());
  std::string plain;
  while (state->block_state != ISAL_BLOCK_FINISH) {
    const auto used = plain.size();
    plain.resize(used + 65536);
    state->next_out = reinterpret_cast<std::uint8_t*>(plain.data() + used);
    state->avail_out = 65536;
    const bool failed = isal_inflate(state.get()) != ISAL_DECOMP_OK;
    const auto got = 65536U - state->avail_out;
    plain.resize(used + got);
    if (failed || (got == 0 && state->block_state != ISAL_BLOCK_FINISH)) return std::nullopt;
  }
  if (state->avail_in != 0) return std::nullopt;
  return plain;
}

}  // namespace postern::http
