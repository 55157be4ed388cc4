#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// A compact program that turns a line of a page into a line of output: what is copied, what is
// skipped, and literals. Lines that begin with the same text have the same result.
namespace postern::exposition {

// The texts that the edits of one page insert, without repetition. Not thread-safe.
class Literals {
 public:
  std::uint32_t add(std::string_view text);
  std::string_view at(std::uint32_t id) const {
    const std::uint32_t begin = id == 0 ? 0 : ends_[id - 1];
    return std::string_view(text_).substr(begin, ends_[id] - begin);
  }
  // Bytes of the added literals, without the index.
  std::size_t bytes() const { return text_.capacity() + ends_.capacity() * sizeof(ends_[0]); }
  // Frees the index of add(). The next add() makes it again.
  void dropIndex() {
    index_ = {};
    indexed_ = false;
  }

 private:
  std::string text_;
  std::vector<std::uint32_t> ends_;                         // ends in text_, by literal
  std::unordered_map<std::uint64_t, std::uint32_t> index_;  // literals by hash
  bool indexed_ = true;
};

// Seven bits per byte, the lowest first.
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

  // Appends to `code` how `in` becomes `out`. With `value` the rest of the line after `in` follows
  // `out`, else nothing does.
  void write(std::string& code, std::string_view in, std::string_view out, bool value);

 private:
  std::size_t copy(std::string_view in, std::string_view out) const;
  void insert(std::string& code, std::string_view out, std::size_t& done);

  Literals& literals_;
  // Literals of the last line, because most lines of a family insert the same ones.
  std::vector<std::uint32_t> last_;
  std::vector<std::uint32_t> now_;
};

// Writes to `out` the result of the edits at `code` for the line [in, end), including value and
// line end. Returns the end of the output, and moves `code` after the edits. Requires enough room.
char* applyEdits(const char*& code, const char* in, const char* end, const Literals& literals,
                 char* out);

}  // namespace postern::exposition
