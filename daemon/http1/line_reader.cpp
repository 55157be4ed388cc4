#include "http1/line_reader.h"

#include <utility>

namespace postern::http1 {

LineProgress LineReader::next(std::string_view& bytes, std::size_t most) {
  if (std::exchange(complete_, false)) {
    begin_.clear();
    line_ = {};
  }
  const auto feed = bytes.find('\n');
  const bool ends = feed != std::string_view::npos;
  const auto part = bytes.substr(0, ends ? feed + 1 : feed);
  const auto size = begin_.size() + part.size();
  if (ends ? size > most : size >= most) return LineProgress::TooLong;
  bytes.remove_prefix(part.size());
  line_ = part;
  if (!begin_.empty() || !ends) {
    begin_ += part;
    line_ = begin_;
  }
  if (!ends) return LineProgress::More;
  if (!line_.ends_with("\r\n")) return LineProgress::NoCrLf;
  line_.remove_suffix(2);
  complete_ = true;
  return LineProgress::Line;
}

}  // namespace postern::http1
