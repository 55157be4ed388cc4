#include "http/gzip_encoder.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

namespace postern::http {
namespace {

// Idle encoders beyond this number are freed, because more bodies at once are rare.
constexpr std::size_t kMostWaiting = 4;

// The output grows by this much at a time.
constexpr std::size_t kLeastRoom = 4U << 10;
constexpr std::size_t kMostRoom = 64U << 10;

}  // namespace

struct GzipEncoder::State {
  isal_zstream stream;
  std::array<std::uint8_t, ISAL_DEF_LVL1_MEDIUM> level_buffer;
};

// The state stays uninitialized: reset() sets the necessary fields, and a small body touches few of
// its pages.
GzipEncoder::GzipEncoder() : state_(new State) {
  reset();
}

GzipEncoder::~GzipEncoder() = default;

void GzipEncoder::reset() {
  isal_deflate_init(&state_->stream);
  state_->stream.level = 1;
  state_->stream.level_buf = state_->level_buffer.data();
  state_->stream.level_buf_size = static_cast<std::uint32_t>(state_->level_buffer.size());
  state_->stream.gzip_flag = IGZIP_GZIP;
}

void GzipEncoder::append(std::string_view plain, std::string& packed) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  for (; !plain.empty(); plain.remove_prefix(std::min(plain.size(), kMost))) {
    run(plain.substr(0, kMost), packed);
  }
}

void GzipEncoder::finish(std::string& packed) {
  state_->stream.end_of_stream = 1;
  run({}, packed);
}

void GzipEncoder::run(std::string_view plain, std::string& packed) {
  auto& stream = state_->stream;
  // isal declares its input as non-const, but does not write to it.
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<std::uint32_t>(plain.size());
  do {
    const auto used = packed.size();
    const auto room = std::clamp<std::size_t>(stream.avail_in / 4, kLeastRoom, kMostRoom);
    packed.resize(used + room);
    stream.next_out = reinterpret_cast<std::uint8_t*>(packed.data() + used);
    stream.avail_out = static_cast<std::uint32_t>(room);
    [[maybe_unused]] const int result = isal_deflate(&stream);
    assert(result == COMP_OK);
    packed.resize(used + room - stream.avail_out);
  } while (stream.avail_out == 0);
  assert(stream.avail_in == 0);
}

std::unique_ptr<GzipEncoder> GzipEncoders::borrow() {
  std::unique_ptr<GzipEncoder> encoder;
  {
    const MutexLock lock(mutex_);
    if (!waiting_.empty()) {
      encoder = std::move(waiting_.back());
      waiting_.pop_back();
    }
  }
  if (!encoder) return std::make_unique<GzipEncoder>();
  encoder->reset();
  return encoder;
}

void GzipEncoders::giveBack(std::unique_ptr<GzipEncoder> encoder) {
  const MutexLock lock(mutex_);
  if (waiting_.size() < kMostWaiting) waiting_.push_back(std::move(encoder));
}

}  // namespace postern::http
