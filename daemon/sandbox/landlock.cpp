#include "sandbox/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/descriptor.h"

namespace postern::sandbox {
namespace {

// Defined by newer kernels than the headers of the build.
constexpr std::uint64_t kTruncate = 1U << 14;
constexpr std::uint64_t kIoctlDevice = 1U << 15;

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 kTruncate;
constexpr std::uint64_t kOfFiles =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

// Every right of this version: each must be granted explicitly.
std::uint64_t rightsOf(long version) {
  std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // the last right of version 1
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rights |= kTruncate;
  if (version >= 5) rights |= kIoctlDevice;
  return rights;
}

class Ruleset {
 public:
  explicit Ruleset(std::uint64_t rights) : rights_(rights) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = rights;
    ruleset_ = Descriptor(
        static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0)));
    note(ruleset_.number());
  }

  void allow(const std::filesystem::path& path, std::uint64_t rights) {
    const Descriptor place(open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place) return;
    struct stat status {};
    if (fstat(place.number(), &status) == 0 && !S_ISDIR(status.st_mode)) rights &= kOfFiles;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights & rights_;
    rule.parent_fd = place.number();
    note(syscall(SYS_landlock_add_rule, ruleset_.number(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
  }

  // 0, or the errno of the first step that failed.
  int enforce() {
    if (error_ == 0) note(syscall(SYS_landlock_restrict_self, ruleset_.number(), 0));
    return error_;
  }

 private:
  void note(long result) {
    if (result < 0 && error_ == 0) error_ = errno;
  }

  const std::uint64_t rights_;
  Descriptor ruleset_;
  int error_ = 0;
};

}  // namespace

Layer restrictFiles(const std::vector<std::filesystem::path>& readable,
                    const std::vector<std::filesystem::path>& writable) {
  Layer layer;
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version <= 0) {
    layer.why = "the kernel does not offer Landlock, or the container runtime hides it: " +
                std::generic_category().message(errno);
    return layer;
  }
  layer.offered = true;
  Ruleset ruleset(rightsOf(version));
  for (const auto& path : readable) ruleset.allow(path, kRead);
  for (const auto& path : writable) ruleset.allow(path, kWrite);
  if (const int error = ruleset.enforce(); error != 0) {
    layer.why = "Landlock cannot be applied: " + std::generic_category().message(error);
    return layer;
  }
  layer.in_force = true;
  layer.state = std::to_string(version);
  return layer;
}

}  // namespace postern::sandbox
