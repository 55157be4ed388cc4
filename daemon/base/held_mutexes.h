#pragma once

namespace postern {

// How many mutexes this thread holds, but for LongMutex, which corrects it. Debug builds count
// them; in others it is 0 at each call. See POSTERN_COUNT_MUTEXES in daemon/CMakeLists.txt.
int& heldMutexes();

}  // namespace postern
