#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "base/descriptor.h"

namespace postern {
namespace {

// Only regular files, or everything except directories.
enum class Accept { Regular, Readable };

// The buffer may contain secrets.
struct WipedBlock {
  std::array<char, 16384> bytes;
  ~WipedBlock() { wipeBytes(bytes.data(), bytes.size()); }
};

FileError failed(int number) {
  auto reason = FileErrorReason::Failed;
  if (number == ENOENT || number == ENOTDIR) reason = FileErrorReason::Missing;
  if (number == EACCES || number == EPERM) reason = FileErrorReason::Denied;
  if (number == EISDIR) reason = FileErrorReason::Directory;
  return {reason, number, std::generic_category().message(number)};
}

std::string sizeText(std::size_t bytes) {
  constexpr std::size_t kMebi = 1U << 20;
  return bytes % kMebi == 0 ? std::to_string(bytes / kMebi) + " MiB"
                            : std::to_string(bytes / 1024) + " KiB";
}

std::optional<FileError> checkKind(int fd, Accept accept) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failed(errno);
  if (S_ISDIR(status.st_mode)) return failed(EISDIR);
  if (S_ISREG(status.st_mode) || accept == Accept::Readable) return std::nullopt;
  return FileError{FileErrorReason::NotRegular, 0, "not a regular file"};
}

template <typename Content>
std::optional<FileError> readAll(int fd, std::size_t limit, Content& content) {
  WipedBlock block;
  while (true) {
    const ssize_t count = ::read(fd, block.bytes.data(), block.bytes.size());
    if (count == 0) return std::nullopt;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(errno);
    if (content.size() + static_cast<std::size_t>(count) > limit) {
      return FileError{FileErrorReason::TooLarge, 0, "larger than " + sizeText(limit)};
    }
    content.append(std::string_view(block.bytes.data(), static_cast<std::size_t>(count)));
  }
}

template <typename Content>
std::optional<FileError> readWhole(int fd, Accept accept, std::size_t limit, Content& content) {
  content = Content();
  auto error = checkKind(fd, accept);
  if (!error) error = readAll(fd, limit, content);
  if (error) content = Content();
  return error;
}

template <typename Content>
std::optional<FileError> readNamed(const std::filesystem::path& file, Accept accept,
                                   std::size_t limit, Content& content) {
  content = Content();
  const int wait = accept == Accept::Regular ? O_NONBLOCK : 0;
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | wait));
  if (!opened) return failed(errno);
  return readWhole(opened.number(), accept, limit, content);
}

int writeAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return ENOSPC;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

std::optional<FileError> readFile(const std::filesystem::path& file, std::size_t limit,
                                  std::string& content) {
  return readNamed(file, Accept::Regular, limit, content);
}

std::optional<FileError> readFile(const std::filesystem::path& file, std::size_t limit,
                                  Secret& content) {
  return readNamed(file, Accept::Regular, limit, content);
}

std::optional<FileError> readInput(const std::filesystem::path& file, std::size_t limit,
                                   std::string& content) {
  if (file == "-") return readWhole(STDIN_FILENO, Accept::Readable, limit, content);
  return readNamed(file, Accept::Readable, limit, content);
}

int replaceFile(const std::filesystem::path& file, std::string_view content) {
  const std::string fresh = file.string() + ".new";
  Descriptor opened(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!opened) return errno;
  int error = writeAll(opened.number(), content);
  const int closed = opened.close();
  if (error == 0) error = closed;
  if (error == 0 && ::rename(fresh.c_str(), file.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(fresh.c_str());  // a partial file is useless
  return error;
}

}  // namespace postern
