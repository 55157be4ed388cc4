#include "app/memory_trim.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdint>

namespace postern::app {
namespace {

// Read-only segments equal their files. Relocated data that the loader made read-only belongs to a
// writable segment.
int giveBackSegments(dl_phdr_info* info, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (info->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = info->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // If the kernel refuses, as for its own vdso, the pages stay in memory.
    madvise(std::bit_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

// Threads start and end with the load. An arena for each, or even a second one, would keep the
// memory that they freed. The memory in which one large page looks up series (1 MiB) stays for the
// next one. With more, several concurrent large pages would come close to 32 MiB.
void boundAllocator() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 1280 << 10);
  mallopt(M_MMAP_THRESHOLD, 1100 << 10);
}

void giveBackMemory() {
  malloc_trim(0);
  dl_iterate_phdr(giveBackSegments, nullptr);
}

bool MemoryTrim::isDue(std::uint64_t scrapes, SteadyTime now) {
  if (scrapes != scrapes_) {
    scrapes_ = scrapes;
    next_ = now + kAfterScrape;
    return false;
  }
  if (now < next_) return false;
  next_ = now + kInterval;
  return true;
}

}  // namespace postern::app
