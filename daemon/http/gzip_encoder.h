#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace postern::http {

// Compresses a body as one gzip member (RFC 1952) at the cheapest level. Needs about 250 KiB, so
// borrow it from GzipEncoders, and only while a body is compressed. Not thread-safe.
class GzipEncoder {
 public:
  GzipEncoder();
  ~GzipEncoder();
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  // Begins a new member and discards an unfinished one.
  void reset();
  // Appends the available output to `packed`. The rest waits inside.
  void append(std::string_view plain, std::string& packed);
  // Appends the rest and the trailer. Call reset() afterwards.
  void finish(std::string& packed);

 private:
  void run(std::string_view plain, std::string& packed);

  struct State;
  std::unique_ptr<State> state_;
};

// Idle encoders for the next bodies. Keeps a few of them. Thread-safe.
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
