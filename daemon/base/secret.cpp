#include "base/secret.h"

#include <cstring>

namespace postern {

void wipeBytes(void* bytes, std::size_t size) {
  explicit_bzero(bytes, size);
}

void Secret::wipe() {
  // Wipes the capacity, not only the size: an earlier, longer value may have left bytes after the
  // end.
  text_.resize(text_.capacity());
  wipeBytes(text_.data(), text_.size());
  text_.clear();
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

bool Secret::operator==(const Secret& other) const {
  if (text_.size() != other.text_.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    difference |= static_cast<unsigned char>(text_[i] ^ other.text_[i]);
  }
  return difference == 0;
}

void Secret::append(std::string_view more) {
  if (text_.size() + more.size() > text_.capacity()) {
    std::string longer;
    longer.reserve(2 * (text_.size() + more.size()));
    longer = text_;
    wipe();
    text_.swap(longer);
  }
  text_.append(more);
}

}  // namespace postern
