#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace postern {

// Owns a file descriptor and closes it. Not thread-safe.
class Descriptor {
 public:
  Descriptor() = default;
  // Takes the result of a system call; a negative number means no descriptor.
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (*this) ::close(number_);
  }

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  // Closes it now. Returns 0 or errno: some file systems report a failed write only in close(2).
  // Requires that it is open.
  int close() { return ::close(std::exchange(number_, -1)) == 0 ? 0 : errno; }

 private:
  int number_ = -1;
};

}  // namespace postern
