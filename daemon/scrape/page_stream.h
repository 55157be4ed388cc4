#pragma once

#include <chrono>
#include <string_view>

#include "async/task.h"

namespace postern::scrape {

// Where a page goes that outgrew the hold-back, block by block: the answer to one scraper. On the
// loop of its connection.
class PageStream {
 public:
  // False when the scraper has gone, or was too slow: the page is of no more use to it. `block`
  // must live until the task ends.
  virtual async::Task<bool> write(std::string_view block) = 0;
  // How long the stream has waited for a slow scraper in all.
  virtual std::chrono::milliseconds waited() const = 0;
  // Cuts the scraper off: the write() that waits for it returns false.
  virtual void disconnect() = 0;

 protected:
  ~PageStream() = default;
};

}  // namespace postern::scrape
