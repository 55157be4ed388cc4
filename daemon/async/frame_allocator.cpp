#include "async/frame_allocator.h"

#include <array>
#include <new>

namespace postern::async {
namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kClasses = 16;
constexpr std::size_t kMostKept = 64U << 10;

struct FreeFrame {
  FreeFrame* next;
};

class FreeFrames {
 public:
  FreeFrames() = default;
  FreeFrames(const FreeFrames&) = delete;
  FreeFrames& operator=(const FreeFrames&) = delete;
  ~FreeFrames() {
    for (FreeFrame* frame : lists_) {
      while (frame != nullptr) {
        FreeFrame* const next = frame->next;
        ::operator delete(frame);
        frame = next;
      }
    }
  }

  void* take(std::size_t index) {
    FreeFrame* const frame = lists_[index];
    if (frame == nullptr) return nullptr;
    lists_[index] = frame->next;
    kept_ -= (index + 1) * kStep;
    return frame;
  }
  bool keep(void* memory, std::size_t index) {
    const std::size_t size = (index + 1) * kStep;
    if (kept_ + size > kMostKept) return false;
    kept_ += size;
    lists_[index] = new (memory) FreeFrame{lists_[index]};
    return true;
  }

 private:
  std::array<FreeFrame*, kClasses> lists_{};
  std::size_t kept_ = 0;  // bytes
};

thread_local FreeFrames free_frames;

std::size_t classOf(std::size_t size) {
  return (size - 1) / kStep;
}

}  // namespace

void* allocateFrame(std::size_t size) {
  const std::size_t index = classOf(size);
  if (index >= kClasses) return ::operator new(size);
  void* const frame = free_frames.take(index);
  return frame != nullptr ? frame : ::operator new((index + 1) * kStep);
}

void freeFrame(void* frame, [[maybe_unused]] std::size_t size) noexcept {
#ifndef __SANITIZE_ADDRESS__  // the sanitizer would not detect the use of a kept frame after its
                              // end
  const std::size_t index = classOf(size);
  if (index < kClasses && free_frames.keep(frame, index)) return;
#endif
  ::operator delete(frame);
}

}  // namespace postern::async
