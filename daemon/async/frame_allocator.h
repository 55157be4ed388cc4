#pragma once

#include <cstddef>

namespace postern::async {

// Memory of coroutine frames. A scrape makes about a dozen frames of few sizes. So each thread
// keeps freed ones in lists by size (multiples of 64 bytes, up to 1 KiB; at most 64 KiB a thread).
// Larger frames come from operator new. Any thread may free a frame.
void* allocateFrame(std::size_t size);
void freeFrame(void* frame, std::size_t size) noexcept;

}  // namespace postern::async
