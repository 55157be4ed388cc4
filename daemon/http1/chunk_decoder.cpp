#include "http1/chunk_decoder.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/token.h"
#include "http1/grammar.h"

namespace postern::http1 {
namespace {

constexpr std::size_t kLineEnd = 2;  // bytes of CR LF

// 1*HEXDIG.
std::optional<std::uint64_t> parseHexadecimal(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, number, 16);
  if (error != std::errc() || last != end) return std::nullopt;
  return number;
}

// RFC 9112 section 7.1.1: empty, or whitespace and an extension after a semicolon.
bool isChunkExtension(std::string_view text) {
  const auto extension = trimmed(text);
  return (extension.empty() || extension.front() == ';') && isFieldValue(extension);
}

}  // namespace

ChunkStep ChunkDecoder::next(std::string_view& bytes) {
  while (error_ == ChunkError::None) {
    if (state_ == ChunkState::End) return {ChunkEvent::End, {}};
    if (state_ == ChunkState::Data) {
      if (bytes.empty()) return {ChunkEvent::More, {}};
      const auto data = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
      bytes.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) state_ = ChunkState::DataEnd;
      return {ChunkEvent::Data, data};
    }
    bool complete = false;
    error_ = takeLine(bytes, complete);
    if (error_ == ChunkError::None && !complete) return {ChunkEvent::More, {}};
  }
  return {ChunkEvent::Error, {}};
}

ChunkError ChunkDecoder::takeLine(std::string_view& bytes, bool& complete) {
  const auto room = state_ == ChunkState::Trailers ? limits_.trailers - trailers_ : limits_.line;
  switch (lines_.next(bytes, std::min(room, limits_.line))) {
    case LineProgress::More: return ChunkError::None;
    case LineProgress::NoCrLf: return ChunkError::NoCrLf;
    case LineProgress::TooLong:
      return room < limits_.line ? ChunkError::TooManyTrailers : ChunkError::LineTooLong;
    case LineProgress::Line: break;
  }
  complete = true;
  return readLine(lines_.line());
}

ChunkError ChunkDecoder::readLine(std::string_view line) {
  if (state_ == ChunkState::Size) return readSize(line);
  if (state_ == ChunkState::DataEnd) {
    state_ = ChunkState::Size;
    return line.empty() ? ChunkError::None : ChunkError::ChunkTooLong;
  }
  if (line.empty()) {
    state_ = ChunkState::End;
    return ChunkError::None;
  }
  trailers_ += line.size() + kLineEnd;
  switch (parseFieldLine(line).error) {
    case FieldLineError::None: return ChunkError::None;
    case FieldLineError::BadValue: return ChunkError::BadTrailerValue;
    default: return ChunkError::BadTrailerName;
  }
}

ChunkError ChunkDecoder::readSize(std::string_view line) {
  const auto digits = line.substr(0, line.find_first_of("; \t"));
  const auto extension = line.substr(digits.size());
  if (!isChunkExtension(extension)) return ChunkError::BadExtension;
  const auto size = parseHexadecimal(digits);
  if (!size || *size > limits_.chunk) return ChunkError::BadSize;
  extensions_ += extension.size();
  if (extensions_ > limits_.extensions) return ChunkError::TooManyExtensions;
  if (*size > limits_.body - body_) return ChunkError::BodyTooLarge;
  body_ += *size;
  left_ = *size;
  state_ = left_ == 0 ? ChunkState::Trailers : ChunkState::Data;
  return ChunkError::None;
}

}  // namespace postern::http1
