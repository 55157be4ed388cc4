#pragma once

#include <chrono>
#include <string_view>

#include "async/task.h"

namespace postern::scrape {

// Receives a page that outgrew the hold-back, block by block: the answer to one scraper. On the
// loop of its connection.
class PageStream {
 public:
  // Returns false when the scraper is gone or was too slow. Then stop sending. `block` must live
  // until the task ends.
  virtual async::Task<bool> write(std::string_view block) = 0;
  // Total time that the stream has waited for a slow scraper.
  virtual std::chrono::milliseconds waited() const = 0;
  // Disconnects the scraper: the write() that waits for it returns false.
  virtual void disconnect() = 0;

 protected:
  ~PageStream() = default;
};

}  // namespace postern::scrape
