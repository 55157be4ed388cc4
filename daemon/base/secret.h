#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace postern {

// A password, key or token. The destructor wipes its bytes. It cannot be printed: operator<<, a
// formatter and a conversion to a string are missing on purpose. Not thread-safe; constant ones may
// be shared.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  // A moved-from short string keeps its bytes (they live inside the object), so wipe it too.
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }
  // Compares secrets of equal length in constant time.
  bool operator==(const Secret& other) const;

  // The view dies with this Secret. Search for callers of reveal() to audit every use.
  std::string_view reveal() const { return text_; }
  // Appends without leaving a copy of the old bytes in freed memory.
  void append(std::string_view more);
  // Reserves this many bytes in total. The secret must be empty.
  void reserve(std::size_t size) { text_.reserve(size); }
  void wipe();

 private:
  std::string text_;
};

// Overwrites `size` bytes in a way that the compiler does not remove.
void wipeBytes(void* bytes, std::size_t size);

}  // namespace postern
