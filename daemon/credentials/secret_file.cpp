#include "credentials/secret_file.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/file.h"

namespace postern::credentials {
namespace {

std::string remedyOf(const FileError& error) {
  if (error.number == EMFILE || error.number == ENFILE) return "raise the limit of open files";
  if (error.reason == FileErrorReason::Failed) return "check the volume that holds it";
  return fmt::format("let user id {} read it", ::geteuid());
}

Error cannotRead(const config::Path& file, const FileError& error) {
  const auto noCredential = [&file](const char* why) {
    return withRemedy(Fault::NoCredential, file.string() + why);
  };
  switch (error.reason) {
    case FileErrorReason::Missing:
      return noCredential(" does not exist: mount it, or correct its name");
    case FileErrorReason::Directory:
    case FileErrorReason::NotRegular:
      return noCredential(" is not a regular file: name the file that holds the secret");
    case FileErrorReason::TooLarge:
      return noCredential(" is longer than 64 KiB: name the file that holds the secret");
    case FileErrorReason::Denied:
    case FileErrorReason::Failed: break;
  }
  return withRemedy(Fault::CredentialSource,
                    fmt::format("{} cannot be read ({})", file.string(), error.what),
                    remedyOf(error));
}

std::string_view withoutLineEnd(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
  return text;
}

}  // namespace

Result<Secret> readSecretFile(const config::Path& file) {
  Secret content;
  if (const auto error = readFile(file, kMaxSecretFile, content)) return cannotRead(file, *error);
  const auto text = withoutLineEnd(content.reveal());
  if (text.empty()) {
    return withRemedy(Fault::NoCredential, file.string() + " is empty: write the secret into it");
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
