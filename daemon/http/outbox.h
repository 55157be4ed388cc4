#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/budget.h"
#include "http/wire.h"

namespace postern::http {

// The bytes of an answer that a slow reader has not taken yet, so that no thread waits for it. One
// thread at a time.
class Outbox {
 public:
  static constexpr std::size_t kMost = 4U << 20;    // bytes of all answers of one kind, in a server
  static constexpr std::size_t kStream = 2U << 20;  // bytes of one answer that streams

  Outbox() = default;
  ~Outbox() { clear(); }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  bool empty() const { return text_.empty(); }
  // Adds the pieces to what is there. Returns false, and adds nothing, when there would be more
  // than `most` bytes or the budget is used up. `budget` must outlive the outbox, and is the same
  // one until the outbox is empty again.
  [[nodiscard]] bool put(const Pieces& pieces, Budget& budget, std::size_t most = kMost);
  // Sends what the socket takes at once.
  Wire::Outcome flush(Wire& wire);
  // Sends everything, and waits for a slow peer; false as Wire::send().
  [[nodiscard]] bool send(Wire& wire);
  void clear();

 private:
  std::string_view left() const { return std::string_view(text_).substr(sent_); }

  Budget* budget_ = nullptr;  // null: empty
  std::string text_;
  std::size_t sent_ = 0;
};

}  // namespace postern::http
