#include "credentials/headers.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "credentials/secret_file.h"
#include "http1/grammar.h"

namespace postern::credentials {
namespace {

Result<Secret> readHeaderFile(const config::HttpHeader& header, const config::Path& file) {
  const auto of = "header " + header.name;
  const auto content = readSecretFile(file);
  if (!content) return withContext(of, content.error());
  const auto value = trimmed(content->reveal(), kWhiteSpace);
  if (!value.empty() && http1::isFieldValue(value)) return Secret(value);
  return value.empty()
             ? withRemedy(Fault::NoCredential,
                          fmt::format("{}: {} holds only spaces", of, file.string()),
                          "write the value into it")
             : withRemedy(Fault::NoCredential,
                          fmt::format("{}: {} holds a line end or another control character", of,
                                      file.string()),
                          "write one line into it");
}

}  // namespace

Result<SecretHeaders> readHeaders(const config::HttpHeaders& headers) {
  SecretHeaders all;
  for (const auto& header : headers) {
    for (const auto& value : header.values) all.emplace_back(header.name, Secret(value));
    for (const auto& secret : header.secrets) all.emplace_back(header.name, secret);
    for (const auto& file : header.files) {
      TRY(auto value, readHeaderFile(header, file));
      all.emplace_back(header.name, std::move(value));
    }
  }
  return all;
}

}  // namespace postern::credentials
