#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/budget.h"
#include "http/wire.h"

namespace postern::http {

// The end of an answer that its reader has not taken yet, so that no thread waits for it. One
// thread at a time.
class Outbox {
 public:
  static constexpr std::size_t kMost = 4U << 20;  // bytes in all outboxes of a server

  // `budget` must outlive the outbox.
  explicit Outbox(Budget& budget) : budget_(budget) {}
  ~Outbox() { clear(); }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  bool empty() const { return text_.empty(); }
  // Returns false, and keeps nothing, when the budget is used up.
  [[nodiscard]] bool put(const Pieces& pieces);
  Wire::Outcome flush(Wire& wire);

 private:
  void clear();

  Budget& budget_;
  std::string text_;
  std::size_t sent_ = 0;
};

}  // namespace postern::http
