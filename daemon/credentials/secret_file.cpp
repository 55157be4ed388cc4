#include "credentials/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace postern::credentials {
namespace {

class Descriptor {
 public:
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  explicit Descriptor(const config::Path& file)
      : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Wiped when it goes: it has held the secret.
struct Buffer {
  std::array<char, kMaxSecretFile + 1> bytes;
  std::size_t used = 0;
  ~Buffer() { wipeBytes(bytes.data(), used); }
};

Error cannotRead(const config::Path& file, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return {Fault::NoCredential,
            file.string() + " does not exist: mount it, or correct its name",
            {},
            {}};
  }
  const bool full = error == EMFILE || error == ENFILE;
  return {Fault::CredentialSource,
          file.string() + " cannot be read (" + std::strerror(error) + "): " +
              (full ? "raise the limit of open files"
                    : "let user id " + std::to_string(::geteuid()) + " read it"),
          {},
          {}};
}

std::string_view withoutLineEnd(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
  return text;
}

}  // namespace

Result<Secret> readSecretFile(const config::Path& file) {
  const Descriptor opened(file);
  if (opened.fd() < 0) return cannotRead(file, errno);
  struct stat status {};
  if (::fstat(opened.fd(), &status) != 0) return cannotRead(file, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{Fault::NoCredential,
                 file.string() + " is not a regular file: name the file that holds the secret",
                 {},
                 {}};
  }
  Buffer buffer;
  while (buffer.used < buffer.bytes.size()) {
    const auto got =
        ::read(opened.fd(), buffer.bytes.data() + buffer.used, buffer.bytes.size() - buffer.used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannotRead(file, errno);
    if (got == 0) break;
    buffer.used += static_cast<std::size_t>(got);
  }
  if (buffer.used > kMaxSecretFile) {
    return Error{Fault::NoCredential,
                 file.string() + " is longer than 64 KiB: name the file that holds the secret",
                 {},
                 {}};
  }
  const auto text = withoutLineEnd({buffer.bytes.data(), buffer.used});
  if (text.empty()) {
    return Error{
        Fault::NoCredential, file.string() + " is empty: write the secret into it", {}, {}};
  }
  return Secret(text);
}

FileState stateOf(const config::Path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified_seconds = status.st_mtim.tv_sec,
          .modified_nanos = status.st_mtim.tv_nsec,
          .changed_seconds = status.st_ctim.tv_sec,
          .changed_nanos = status.st_ctim.tv_nsec};
}

}  // namespace postern::credentials
