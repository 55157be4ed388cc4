#include "http1/body_framing.h"

#include "base/token.h"
#include "http1/grammar.h"

namespace postern::http1 {

FramingError BodyFraming::take(std::string_view name, std::string_view value) {
  if (name == "content-length") return takeLengths(value);
  if (name == "transfer-encoding") {
    if (chunked_ || !equalsIgnoringCase(value, "chunked")) return FramingError::UnknownCoding;
    chunked_ = true;
  } else if (name == "connection") {
    forEachElement(value, [this](std::string_view option) {
      close_ |= equalsIgnoringCase(option, "close");
      keep_alive_ |= equalsIgnoringCase(option, "keep-alive");
    });
  }
  return FramingError::None;
}

FramingError BodyFraming::takeLengths(std::string_view list) {
  for (;;) {
    const auto comma = list.find(',');
    const auto length = parseDecimal(trimmed(list.substr(0, comma)));
    if (!length || (length_ && repeated_ == RepeatedLength::Refused)) {
      return FramingError::BadLength;
    }
    if (length_ && length_ != length) return FramingError::DifferentLengths;
    length_ = length;
    if (comma == std::string_view::npos) return FramingError::None;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace postern::http1
