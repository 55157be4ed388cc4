#include "credentials/headers.h"

#include <algorithm>

#include "credentials/secret_file.h"

namespace postern::credentials {
namespace {

std::string_view withoutSpaceAround(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto begin = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// RFC 9110 section 5.5.
bool isHeaderValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c >= ' ' && c != 0x7f) || c == '\t'; });
}

Result<Secret> readHeaderFile(const config::HttpHeader& header, const config::Path& file) {
  const auto of = "header " + header.name + ": ";
  auto content = readSecretFile(file);
  if (!content) {
    auto error = std::move(content).error();
    error.what = of + error.what;
    return error;
  }
  const auto value = withoutSpaceAround(content->reveal());
  if (!value.empty() && isHeaderValue(value)) return Secret(value);
  return value.empty()
             ? withRemedy(Fault::NoCredential, of + file.string() + " holds only spaces",
                          "write the value into it")
             : withRemedy(Fault::NoCredential,
                          of + file.string() + " holds a line end or another control character",
                          "write one line into it");
}

}  // namespace

Result<SecretHeaders> readHeaders(const config::HttpHeaders& headers) {
  SecretHeaders all;
  for (const auto& header : headers) {
    for (const auto& value : header.values) all.emplace_back(header.name, Secret(value));
    for (const auto& secret : header.secrets) all.emplace_back(header.name, secret);
    for (const auto& file : header.files) {
      auto value = readHeaderFile(header, file);
      if (!value) return std::move(value).error();
      all.emplace_back(header.name, *std::move(value));
    }
  }
  return all;
}

}  // namespace postern::credentials
