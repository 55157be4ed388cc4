#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::exposition {

// What one rule made of the texts it has seen of late, so that it need not look again. When it has
// grown to its bound it starts anew. Not thread-safe.
class Memo {
 public:
  struct Entry {
    std::string key;
    bool matched = false;
    std::string value;
    std::string escaped;  // the value as on a page, when that differs
    std::uint64_t hash = 0;
  };

  explicit Memo(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // Null: not known. References hold until the next keep().
  const Entry* find(std::string_view key);
  const Entry& keep(Entry entry);

 private:
  void grow();
  std::size_t place(std::uint64_t hash, std::string_view key) const;

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> places_;  // open addressing; the entry's number and one, 0: free
  std::size_t last_ = 0;               // the entry that was found last
};

}  // namespace postern::exposition
