#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/budget.h"
#include "http/request_head.h"
#include "http1/chunk_decoder.h"

namespace postern::http {

enum class BodyProgress : std::uint8_t {
  Incomplete,
  Complete,
  Refused,
  Busy,  // the budget is exhausted
};

// Reads the bodies of successive requests from the bytes of a connection: by length or in chunks
// (RFC 9112 sections 6.3 and 7.1), as strictly as the head. Drops a body that no handler wants.
// Kept bytes count in a budget until clear(). Not thread-safe.
class RequestBody {
 public:
  static constexpr std::size_t kMostDropped = 64U << 10;  // bytes; more is 413
  static constexpr std::size_t kMost = 16U << 20;         // bytes of all bodies of a server

  // `budget` must outlive the object.
  explicit RequestBody(Budget& budget) : budget_(budget) {}
  ~RequestBody() { clear(); }
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  // The body of the request with this head comes next. `kept` receives it and must live until
  // clear(). `most` is the largest size in bytes. With 0 the body is dropped and must have a
  // length.
  BodyProgress begin(const RequestHead& head, std::size_t most, std::string& kept);
  // Consumes the body's bytes from the front of `bytes`.
  BodyProgress take(std::string_view& bytes);
  bool underWay() const { return under_way_; }
  // Requires Refused.
  const Refusal& refusal() const { return refusal_; }
  // The body is not needed any longer.
  void clear();

 private:
  BodyProgress takeData(std::string_view& bytes);
  BodyProgress takeChunks(std::string_view& bytes);
  BodyProgress refuseChunks();
  BodyProgress refuse(int status, std::string what);
  BodyProgress tooLarge();
  bool keep(std::string_view bytes);

  Budget& budget_;
  std::string* kept_ = nullptr;
  std::size_t most_ = 0;
  std::size_t charged_ = 0;  // bytes of kept_ in the budget
  std::size_t left_ = 0;     // remaining bytes of a body with a length
  http1::ChunkDecoder chunks_{{}};
  Refusal refusal_;
  bool chunked_ = false;
  bool under_way_ = false;
};

}  // namespace postern::http
