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

ChunkDecoder::Step ChunkDecoder::next(std::string_view& bytes) {
  while (error_ == ChunkError::None) {
    if (state_ == State::End) return {Event::End, {}};
    if (state_ == State::Data) {
      if (bytes.empty()) return {Event::More, {}};
      const auto data = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
      bytes.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) state_ = State::DataEnd;
      return {Event::Data, data};
    }
    bool complete = false;
    error_ = takeLine(bytes, complete);
    if (error_ == ChunkError::None && !complete) return {Event::More, {}};
  }
  return {Event::Error, {}};
}

ChunkError ChunkDecoder::takeLine(std::string_view& bytes, bool& complete) {
  const auto room = state_ == State::Trailers ? limits_.trailers - trailers_ : limits_.line;
  switch (lines_.next(bytes, std::min(room, limits_.line))) {
    case LineReader::Outcome::More: return ChunkError::None;
    case LineReader::Outcome::NoCrLf: return ChunkError::NoCrLf;
    case LineReader::Outcome::TooLong:
      return room < limits_.line ? ChunkError::TooManyTrailers : ChunkError::LineTooLong;
    case LineReader::Outcome::Line: break;
  }
  complete = true;
  return readLine(lines_.line());
}

ChunkError ChunkDecoder::readLine(std::string_view line) {
  if (state_ == State::Size) return readSize(line);
  if (state_ == State::DataEnd) {
    state_ = State::Size;
    return line.empty() ? ChunkError::None : ChunkError::ChunkTooLong;
  }
  if (line.empty()) {
    state_ = State::End;
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
  state_ = left_ == 0 ? State::Trailers : State::Data;
  return ChunkError::None;
}

}  // namespace postern::http1
