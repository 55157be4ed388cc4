#include "exposition/line_edits.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "exposition/scan.h"

namespace postern::exposition {
namespace {

// An edit is one byte: its kind in the two lowest bits and a number above. kMore means that number
// and a varint that follows.
enum class Edit : std::uint8_t { Copy, Skip, Literal, End };
constexpr std::size_t kMore = 63;
constexpr std::size_t kStop = 0;  // of End: nothing more of the line follows
constexpr std::size_t kRest = 1;  // of End: the rest of the line follows, with its value

void append(std::string& code, Edit kind, std::size_t number) {
  const std::size_t inlined = std::min(number, kMore);
  code += static_cast<char>(static_cast<std::size_t>(kind) | inlined << 2);
  if (inlined == kMore) appendVarint(code, number - kMore);
}

bool isCut(char c) {
  return c == ',' || c == '{' || c == '}';
}

// End of the name or label that begins at `at`: after its brace or comma, or before the comma when
// it begins with one. Any cut is correct; this one makes equal literals of equal labels.
std::size_t labelEnd(std::string_view text, std::size_t at) {
  const bool comma = text[at] == ',';
  std::size_t end = at + 1;
  while (end < text.size() && !isCut(text[end])) ++end;
  return end < text.size() && text[end] != '}' && !comma ? end + 1 : end;
}

// Position in `in`, at or after `from`, of the label with which `out` continues; npos if it is
// missing.
std::size_t findLabel(std::string_view in, std::size_t from, std::string_view label) {
  const bool comma = label[0] == ',';
  for (std::size_t at = from; at < in.size(); ++at) {
    if (in[at] != ',' && in[at] != '{') continue;
    const std::size_t begin = comma ? at : at + 1;
    if (begin < in.size() && in[begin] == label[0] && in.substr(begin).starts_with(label)) {
      return begin;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::uint32_t Literals::add(std::string_view text) {
  if (!indexed_) {
    for (std::uint32_t id = 0; id < ends_.size(); ++id) index_.emplace(hashText(at(id), 0), id);
    indexed_ = true;
  }
  const auto [found, added] =
      index_.emplace(hashText(text, 0), static_cast<std::uint32_t>(ends_.size()));
  if (!added && at(found->second) == text) return found->second;
  text_ += text;
  ends_.push_back(static_cast<std::uint32_t>(text_.size()));
  found->second = static_cast<std::uint32_t>(ends_.size() - 1);
  return found->second;
}

void appendVarint(std::string& code, std::size_t number) {
  for (; number >= 0x80; number >>= 7) code += static_cast<char>((number & 0x7f) | 0x80);
  code += static_cast<char>(number);
}

// Number of equal bytes, without the beginning of a label that differs.
std::size_t EditWriter::copy(std::string_view in, std::string_view out) const {
  // Compares eight bytes at a time while both have them.
  std::size_t same = 0;
  const std::size_t both = std::min(in.size(), out.size());
  if (both >= 8) same = commonPrefix(in.data(), out.substr(0, both - 8));
  while (same < both && in[same] == out[same]) ++same;
  if (same == out.size()) return same;
  const auto ends = [](std::string_view text, std::size_t at) {
    return at == text.size() || text[at] == ',' || text[at] == '}';
  };
  if (ends(in, same) && ends(out, same)) return same;
  while (same > 0 && in[same - 1] != ',' && in[same - 1] != '{') --same;
  return same;
}

// Writes one literal with the next part of `out`.
void EditWriter::insert(std::string& code, std::string_view out, std::size_t& done) {
  const std::string_view left = out.substr(done);
  const std::size_t ordinal = now_.size();
  std::string_view literal;
  if (ordinal < last_.size()) literal = literals_.at(last_[ordinal]);
  const bool again =
      !literal.empty() && left.starts_with(literal) && labelEnd(left, 0) == literal.size();
  if (!again) literal = left.substr(0, labelEnd(left, 0));
  now_.push_back(again ? last_[ordinal] : literals_.add(literal));
  append(code, Edit::Literal, now_.back());
  done += literal.size();
}

void EditWriter::write(std::string& code, std::string_view in, std::string_view out, bool value) {
  now_.clear();
  std::size_t taken = 0;  // bytes consumed from `in`
  std::size_t done = 0;   // bytes of `out` that are covered
  // HELP and TYPE that are written with the first sample.
  const std::size_t lines = out.substr(0, out.empty() ? 0 : out.size() - 1).rfind('\n');
  if (lines != std::string_view::npos) {
    now_.push_back(literals_.add(out.substr(0, lines + 1)));
    append(code, Edit::Literal, now_.back());
    done = lines + 1;
  }
  while (done < out.size()) {
    if (value && in.substr(taken) == out.substr(done)) break;
    const std::size_t same = copy(in.substr(taken), out.substr(done));
    if (same > 0) append(code, Edit::Copy, same);
    taken += same;
    done += same;
    if (done == out.size()) break;
    const std::size_t next = findLabel(in, taken, out.substr(done, labelEnd(out, done) - done));
    if (next == std::string_view::npos || next == taken) {
      insert(code, out, done);
    } else {
      append(code, Edit::Skip, next - taken);
      taken = next;
    }
  }
  if (value && done == out.size() && taken < in.size()) append(code, Edit::Skip, in.size() - taken);
  append(code, Edit::End, value ? kRest : kStop);
  std::swap(last_, now_);
}

char* applyEdits(const char*& code, const char* in, const char* end, const Literals& literals,
                 char* out) {
  while (true) {
    const auto byte = static_cast<std::uint8_t>(*code++);
    std::size_t number = byte >> 2;
    if (number == kMore) number += readVarint(code);
    const char* from = in;
    std::size_t size = number;
    switch (static_cast<Edit>(byte & 3)) {
      case Edit::Copy: in += number; break;
      case Edit::Skip: in += number; continue;
      case Edit::Literal: {
        const std::string_view literal = literals.at(static_cast<std::uint32_t>(number));
        from = literal.data();
        size = literal.size();
        break;
      }
      case Edit::End:
        if (number == kStop) return out;
        size = static_cast<std::size_t>(end - in);
        std::memcpy(out, from, size);
        return out + size;
    }
    std::memcpy(out, from, size);
    out += size;
  }
}

}  // namespace postern::exposition
