#include "tls/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "tls/openssl.h"

namespace postern::tls {
namespace {

constexpr std::size_t kFileLimit = 8U << 20;  // bytes; the bundle of all public CAs has 0.2 MiB
constexpr int kReadings = 5;                  // of files that move while they are read

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string errnoText(int number) {
  return std::generic_category().message(number);
}

Error openError(const config::Path& path, int number) {
  const std::string file = path.string();
  if (number == ENOENT || number == ENOTDIR) {
    return tlsError(file + ": no such file: mount it, or correct the file name");
  }
  if (number == EACCES || number == EPERM) {
    return tlsError(file +
                    ": permission denied: let the user that postern runs as read it "
                    "(in Kubernetes: defaultMode 0440 with fsGroup)");
  }
  return tlsError(file + ": cannot be read: " + errnoText(number));
}

Result<void> checkKind(const config::Path& path, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return openError(path, errno);
  if (S_ISDIR(status.st_mode)) {
    return tlsError(path.string() + ": is a directory: name the PEM file in it");
  }
  if (!S_ISREG(status.st_mode)) {
    return tlsError(path.string() + ": is not a regular file: name a PEM file");
  }
  return {};
}

// None when the file is missing and that is allowed.
Result<std::optional<Secret>> readFile(const config::Path& path, bool optional) {
  if (path.empty()) return std::optional<Secret>();
  // A FIFO must not hold us.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (optional && errno == ENOENT) return std::optional<Secret>();
    return openError(path, errno);
  }
  if (const auto kind = checkKind(path, file.get()); !kind) return kind.error();

  Secret content;
  std::array<char, 16384> block;
  ssize_t count = 0;
  while ((count = ::read(file.get(), block.data(), block.size())) > 0) {
    content.append({block.data(), static_cast<std::size_t>(count)});
    if (content.size() > kFileLimit) {
      return tlsError(path.string() + ": is larger than 8 MiB: name a PEM file");
    }
  }
  const int number = errno;
  wipeBytes(block.data(), block.size());
  if (count < 0) return openError(path, number);
  return std::optional<Secret>(std::move(content));
}

Result<Files> readOnce(const config::Tls& config) {
  Files files;
  const auto take = [&](const config::Path& path, std::optional<Secret>& into) -> Result<void> {
    auto content = readFile(path, config.optional_files);
    if (!content) return std::move(content).error();
    into = *std::move(content);
    return {};
  };
  if (auto taken = take(config.ca_file, files.ca); !taken) return std::move(taken).error();
  if (auto taken = take(config.cert_file, files.cert); !taken) return std::move(taken).error();
  if (auto taken = take(config.key_file, files.key); !taken) return std::move(taken).error();
  return files;
}

Error halfPair(const config::Path& present, const config::Path& absent, std::string_view missing) {
  return tlsError(present.string() + ": is there without its " + std::string(missing) + ": add " +
                  absent.string() + ", or remove both");
}

}  // namespace

std::string signatureOf(const config::Tls& config) {
  std::string signature;
  for (const config::Path* path : {&config.ca_file, &config.cert_file, &config.key_file}) {
    struct stat status {};
    if (path->empty()) {
      signature += "-;";
    } else if (::stat(path->c_str(), &status) != 0) {
      signature += "errno " + std::to_string(errno) + ';';
    } else {
      for (const auto part :
           {static_cast<long long>(status.st_dev), static_cast<long long>(status.st_ino),
            static_cast<long long>(status.st_size), static_cast<long long>(status.st_mtim.tv_sec),
            static_cast<long long>(status.st_mtim.tv_nsec)}) {
        signature += std::to_string(part) + ' ';
      }
      signature += ';';
    }
  }
  return signature;
}

Result<Files> readWhole(const config::Tls& config) {
  for (int reading = 0; reading < kReadings; ++reading) {
    const std::string before = signatureOf(config);
    auto files = readOnce(config);
    if (signatureOf(config) != before) continue;
    if (!files) return files;
    if (files->cert && !files->key) return halfPair(config.cert_file, config.key_file, "key");
    if (files->key && !files->cert) {
      return halfPair(config.key_file, config.cert_file, "certificate");
    }
    return files;
  }
  const auto& any = config.cert_file.empty() ? config.ca_file : config.cert_file;
  return tlsError(any.string() +
                  ": it, or a file beside it, keeps changing while it is read: write each file "
                  "under another name and rename it");
}

}  // namespace postern::tls
