#pragma once

#include <atomic>
#include <cstddef>

namespace postern {

// A limit of bytes that many objects share, such as the connections of a server. Thread-safe.
class Budget {
 public:
  explicit Budget(std::size_t most) : most_(most) {}

  // Changes the limit. Bytes in use beyond it stay in use.
  void limit(std::size_t most) { most_ = most; }
  std::size_t limit() const { return most_; }

  // Returns false and takes nothing if fewer bytes are left.
  [[nodiscard]] bool take(std::size_t size) {
    const auto used = used_.fetch_add(size) + size;
    if (used <= most_) return true;
    used_ -= size;
    return false;
  }
  void giveBack(std::size_t size) { used_ -= size; }

 private:
  std::atomic<std::size_t> most_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace postern
