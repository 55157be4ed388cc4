#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// How a line of a page becomes what goes out, in a few bytes: what is copied of the line, what is
// skipped, and literals. Any line that begins with the same text becomes the same.
namespace postern::exposition {

// The texts that the edits of one page insert, each once. Not thread-safe.
class Literals {
 public:
  std::uint32_t add(std::string_view text);
  std::string_view at(std::uint32_t id) const {
    const std::uint32_t begin = id == 0 ? 0 : ends_[id - 1];
    return std::string_view(text_).substr(begin, ends_[id] - begin);
  }
  // That add() has taken, without its index.
  std::size_t bytes() const { return text_.capacity() + ends_.capacity() * sizeof(ends_[0]); }
  // Frees what only add() needs; the next add() makes it again.
  void dropIndex() {
    index_ = {};
    indexed_ = false;
  }

 private:
  std::string text_;
  std::vector<std::uint32_t> ends_;                         // in text_, by literal
  std::unordered_map<std::uint64_t, std::uint32_t> index_;  // by hash
  bool indexed_ = true;
};

// Seven bits a byte, the lowest first.
void appendVarint(std::string& code, std::size_t number);
inline std::size_t readVarint(const char*& code) {
  std::size_t number = 0;
  int shift = 0;
  while ((*code & 0x80) != 0) {
    number |= static_cast<std::size_t>(*code++ & 0x7f) << shift;
    shift += 7;
  }
  return number | static_cast<std::size_t>(*code++) << shift;
}

// Writes edits. Not thread-safe.
class EditWriter {
 public:
  explicit EditWriter(Literals& literals) : literals_(literals) {}

  // Appends to `code` how `in` becomes `out`. With `value` what follows `in` on its line follows
  // `out`, else nothing does.
  void write(std::string& code, std::string_view in, std::string_view out, bool value);

 private:
  std::size_t copy(std::string_view in, std::string_view out) const;
  void insert(std::string& code, std::string_view out, std::size_t& done);

  Literals& literals_;
  // Of the last line: most lines of a family insert the same.
  std::vector<std::uint32_t> last_;
  std::vector<std::uint32_t> now_;
};

// Writes to `out` what the edits at `code` make of the line [in, end), value and line end included.
// Returns the end of what is written; `code` is behind the edits then. Requires room for all of it.
char* applyEdits(const char*& code, const char* in, const char* end, const Literals& literals,
                 char* out);

}  // namespace postern::exposition
