#pragma once

#include <cstddef>

namespace postern::async {

// Memory of coroutine frames. A scrape makes about a dozen frames of few sizes, so each thread
// keeps the freed ones in lists by size (multiples of 64 bytes, up to 1 KiB; at most 64 KiB a
// thread). Larger frames come from operator new. A frame may be freed by another thread than the
// one that made it.
void* allocateFrame(std::size_t size);
void freeFrame(void* frame, std::size_t size) noexcept;

}  // namespace postern::async
