#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/budget.h"
#include "http/request_head.h"
#include "http1/chunk_decoder.h"

namespace postern::http {

// Takes the body of one request after another off the bytes of a connection: by its length, or out
// of its chunks (RFC 9112 sections 6.3 and 7.1), strictly, as the head. A body that nobody wants is
// dropped. What is kept counts in a budget until clear(). Not thread-safe.
class RequestBody {
 public:
  static constexpr std::size_t kMostDropped = 64U << 10;  // bytes; beyond it 413
  static constexpr std::size_t kMost = 16U << 20;         // bytes of all bodies of a server

  enum class Progress : std::uint8_t {
    Incomplete,
    Complete,
    Refused,
    Busy,  // the budget is used up
  };

  // `budget` must outlive it.
  explicit RequestBody(Budget& budget) : budget_(budget) {}
  ~RequestBody() { clear(); }
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  // The body of the request with this head comes next. `kept` gets it and must live until clear();
  // `most` are the bytes that it may have. With 0 the body is dropped and has to tell its length.
  Progress begin(const RequestHead& head, std::size_t most, std::string& kept);
  // Takes what belongs to the body off the front of `bytes`.
  Progress take(std::string_view& bytes);
  bool underWay() const { return under_way_; }
  // Requires Refused.
  const Refusal& refusal() const { return refusal_; }
  // The body has served its purpose.
  void clear();

 private:
  Progress takeData(std::string_view& bytes);
  Progress takeChunks(std::string_view& bytes);
  Progress refuseChunks();
  Progress refuse(int status, std::string what);
  Progress tooLarge();
  bool keep(std::string_view bytes);

  Budget& budget_;
  std::string* kept_ = nullptr;
  std::size_t most_ = 0;
  std::size_t charged_ = 0;  // what the budget counts for kept_
  std::size_t left_ = 0;     // of a body with a length
  http1::ChunkDecoder chunks_{{}};
  Refusal refusal_;
  bool chunked_ = false;
  bool under_way_ = false;
};

}  // namespace postern::http
