#include "fakes/test_data.h"

namespace postern::testing {

std::filesystem::path dataFolder() {
  return POSTERN_TEST_DATA;
}

}  // namespace postern::testing
