#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace postern::http {

// Packs a body as one gzip member (RFC 1952) at the level that costs the least. Holds about
// 250 KiB, so it is borrowed from GzipEncoders and only while a body is packed. Not
// thread-safe.
class GzipEncoder {
 public:
  GzipEncoder();
  ~GzipEncoder();
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  // Begins a new member, whatever came before.
  void reset();
  // Appends to `packed` what is ready; the rest waits inside.
  void append(std::string_view plain, std::string& packed);
  // Appends what is left and the trailer. After it comes reset().
  void finish(std::string& packed);

 private:
  void run(std::string_view plain, std::string& packed);

  struct State;
  std::unique_ptr<State> state_;
};

// Encoders that wait for their next body; keeps a few of them. Thread-safe.
class GzipEncoders {
 public:
  // Ready for a new member.
  std::unique_ptr<GzipEncoder> borrow();
  void giveBack(std::unique_ptr<GzipEncoder> encoder);

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<GzipEncoder>> waiting_ GUARDED_BY(mutex_);
};

}  // namespace postern::http
