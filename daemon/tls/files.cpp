#include "tls/files.h"

#include <fmt/core.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "base/file.h"
#include "tls/openssl.h"

namespace postern::tls {
namespace {

constexpr std::size_t kFileLimit = 8U << 20;  // bytes; the bundle of all public CAs has 0.2 MiB
constexpr int kReadings = 5;                  // attempts to read files that change while they are
                                              // read
constexpr std::size_t kPasswordLimit = 1024;  // bytes; OpenSSL's for the password of a PEM file

constexpr std::string_view kPem = "PEM file";
constexpr std::string_view kPkcs12 = "PKCS #12 file";
constexpr std::string_view kPassword = "file that holds the password";

Error cannotRead(const config::Path& path, std::string_view expected, const FileError& error) {
  const std::string file = path.string();
  switch (error.reason) {
    case FileErrorReason::Missing:
      return tlsError(file + ": no such file: mount it, or correct the file name");
    case FileErrorReason::Denied:
      return tlsError(file +
                      ": permission denied: let the user that postern runs as read it "
                      "(in Kubernetes: defaultMode 0440 with fsGroup)");
    case FileErrorReason::Directory:
      return tlsError(fmt::format("{}: is a directory: name the {} in it", file, expected));
    case FileErrorReason::NotRegular:
    case FileErrorReason::TooLarge:
      return tlsError(fmt::format("{}: is {}: name a {}", file, error.what, expected));
    case FileErrorReason::Failed: break;
  }
  return tlsError(fmt::format("{}: cannot be read ({})", file, error.what),
                  "check the volume that holds it");
}

// Not set when the file is missing and optional.
Result<std::optional<Secret>> readOne(const config::Path& path, std::string_view expected,
                                      bool optional) {
  if (path.empty()) return std::optional<Secret>();
  Secret content;
  const auto error = readFile(path, kFileLimit, content);
  if (!error) return std::optional<Secret>(std::move(content));
  if (optional && error->number == ENOENT) return std::optional<Secret>();
  return cannotRead(path, expected, *error);
}

// Removes one line end, because editors and `echo` write one.
Result<Secret> passwordIn(const Secret& content, const config::Path& file) {
  auto text = content.reveal();
  if (text.ends_with('\n')) text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
  if (text.empty()) {
    return tlsError(file.string() + ": is empty: write the password of the key into it");
  }
  if (text.size() > kPasswordLimit) {
    return tlsError(file.string() +
                    ": is longer than 1024 bytes: name the file that holds the key's password");
  }
  return Secret(text);
}

Result<TlsFiles> readOnce(const config::Tls& config) {
  struct ConfiguredFile {
    const config::Path& path;
    std::string_view expected;
    bool optional;
    std::optional<Secret>& into;
  };
  TlsFiles files;
  const bool optional = config.optional_files;
  for (const ConfiguredFile& file :
       {ConfiguredFile{config.ca_file, kPem, optional && !config.needs_ca, files.ca},
        ConfiguredFile{config.crl_file, kPem, false, files.crl},
        ConfiguredFile{config.cert_file, kPem, optional, files.cert},
        ConfiguredFile{config.key_file, kPem, optional, files.key},
        ConfiguredFile{config.pkcs12_file, kPkcs12, false, files.pkcs12},
        ConfiguredFile{config.key_password_file, kPassword, false, files.password}}) {
    TRY(auto content, readOne(file.path, file.expected, file.optional));
    file.into = std::move(content);
  }
  if (!files.password) return files;
  TRY(auto password, passwordIn(*files.password, config.key_password_file));
  files.password = std::move(password);
  return files;
}

// Whether --tls.dir contains none of its files, as before a late mount. With a SPIFFE ID another
// text names the missing file.
bool holdsNothing(const config::Tls& config, const TlsFiles& files) {
  if (!config.optional_files || config.files_only) return false;
  if (files.pkcs12 || !config.spiffe_id.empty()) return false;
  return !files.ca && !files.cert && !files.key;
}

Error halfPair(const config::Path& present, const config::Path& absent, std::string_view missing) {
  return tlsError(fmt::format("{}: exists without its {}: add {}, or remove both", present.string(),
                              missing, absent.string()));
}

}  // namespace

std::string signatureOf(const config::Path& path) {
  struct stat status {};
  if (path.empty()) return "-;";
  if (::stat(path.c_str(), &status) != 0) return fmt::format("errno {};", errno);
  std::string signature;
  for (const auto part :
       {static_cast<long long>(status.st_dev), static_cast<long long>(status.st_ino),
        static_cast<long long>(status.st_size), static_cast<long long>(status.st_mtim.tv_sec),
        static_cast<long long>(status.st_mtim.tv_nsec)}) {
    signature += std::to_string(part) + ' ';
  }
  return signature + ';';
}

std::string signatureOf(const config::Tls& config) {
  std::string signature;
  for (const config::Path* path :
       {&config.ca_file, &config.crl_file, &config.cert_file, &config.key_file, &config.pkcs12_file,
        &config.key_password_file}) {
    signature += signatureOf(*path);
  }
  return signature;
}

std::vector<config::Path> systemRoots() {
  const auto place = [](const char* variable, const char* standard) {
    const char* const set = std::getenv(variable);
    return std::string(set == nullptr ? standard : set);
  };
  std::vector<config::Path> places = {
      place(X509_get_default_cert_file_env(), X509_get_default_cert_file())};
  std::istringstream folders(place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()));
  for (std::string folder; std::getline(folders, folder, ':');) places.emplace_back(folder);
  return places;
}

Result<TlsFiles> readWhole(const config::Tls& config) {
  for (int reading = 0; reading < kReadings; ++reading) {
    const std::string before = signatureOf(config);
    auto files = readOnce(config);
    if (signatureOf(config) != before) continue;
    if (!files) return files;
    if (holdsNothing(config, *files)) {
      const auto& any = config.cert_file.empty() ? config.ca_file : config.cert_file;
      return tlsError(fmt::format(
          "the folder {} holds none of ca.crt, tls.crt and tls.key: mount the secret there",
          any.parent_path().string()));
    }
    const bool pair = !config.cert_file.empty() && !config.key_file.empty();
    if (pair && files->cert && !files->key) {
      return halfPair(config.cert_file, config.key_file, "key");
    }
    if (pair && files->key && !files->cert) {
      return halfPair(config.key_file, config.cert_file, "certificate");
    }
    return files;
  }
  const auto& own = config.pkcs12_file.empty() ? config.cert_file : config.pkcs12_file;
  return tlsError((own.empty() ? config.ca_file : own).string() +
                  ": it, or a file beside it, keeps changing while it is read: write each file "
                  "under another name and rename it");
}

}  // namespace postern::tls
