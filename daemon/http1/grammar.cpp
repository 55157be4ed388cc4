#include "http1/grammar.h"

#include <algorithm>
#include <limits>

#include "base/token.h"

namespace postern::http1 {
namespace {

constexpr std::size_t kVersionSize = 8;  // length of "HTTP/1.1"

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

int digitValue(char c) {
  return c - '0';
}

// "HTTP/" DIGIT "." DIGIT, RFC 9112 section 2.3.
bool isVersion(std::string_view text) {
  return text.size() == kVersionSize && text.starts_with("HTTP/") && isDigit(text[5]) &&
         text[6] == '.' && isDigit(text[7]);
}

}  // namespace

// Examines every byte without a branch, so that the compiler handles many at a time.
bool isFieldValue(std::string_view text) {
  unsigned char control = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    control |= static_cast<unsigned char>((byte < 0x20 && byte != '\t') || byte == 0x7f);
  }
  return control == 0;
}

bool isRequestTarget(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

std::optional<std::uint64_t> parseDecimal(std::string_view digits) {
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), isDigit)) return std::nullopt;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const char c : digits) {
    const auto units = static_cast<std::uint64_t>(digitValue(c));
    number = number > (kMost - units) / 10 ? kMost : number * 10 + units;
  }
  return number;
}

FieldLine parseFieldLine(std::string_view line) {
  FieldLine field;
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  if (line[0] == ' ' || line[0] == '\t') {
    field.error = FieldLineError::Folded;
  } else if (colon == std::string_view::npos) {
    field.error = FieldLineError::NoColon;
  } else if (!token(name)) {
    field.error = FieldLineError::BadName;
  } else {
    field.name = name;
    field.value = trimmed(line.substr(colon + 1));
    if (!isFieldValue(field.value)) field.error = FieldLineError::BadValue;
  }
  return field;
}

RequestLine parseRequestLine(std::string_view line) {
  RequestLine request;
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    request.error = RequestLineError::NotThreeParts;
    return request;
  }
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!token(request.method)) {
    request.error = RequestLineError::BadMethod;
  } else if (!isVersion(version)) {
    request.error = RequestLineError::BadVersion;
  } else {
    request.major_version = digitValue(version[5]);
    request.minor_version = digitValue(version[7]);
  }
  return request;
}

StatusLine parseStatusLine(std::string_view line) {
  StatusLine answer;
  if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")) {
    answer.error = StatusLineError::NotHttp1;
    return answer;
  }
  constexpr std::size_t kStatusEnd = kVersionSize + 4;
  answer.minor_version = digitValue(line[7]);
  const auto status = parseDecimal(line.substr(kVersionSize + 1, 3));
  const bool ends =
      line.size() == kStatusEnd || (line.size() > kStatusEnd && line[kStatusEnd] == ' ');
  if (!ends || !status || *status < 100 || *status > 599) {
    answer.error = StatusLineError::BadStatus;
    return answer;
  }
  answer.status = static_cast<int>(*status);
  answer.reason = line.substr(std::min(kStatusEnd + 1, line.size()));
  return answer;
}

}  // namespace postern::http1
