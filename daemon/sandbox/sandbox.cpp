#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "sandbox/landlock.h"
#include "sandbox/sigsys_handler.h"
#include "sandbox/syscalls.h"

namespace postern::sandbox {
namespace {

// Folders that the C library, OpenSSL and MariaDB's client read or load from on demand.
constexpr const char* kSystemPlaces[] = {
    "/etc", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib",
    // The targets of the links in /etc/ssl/certs.
    "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"};

// Resource use of the process, and the start time of the machine.
constexpr const char* kProcessPlaces[] = {"/proc/self", "/proc/stat"};

// These may be links to files that another program rewrites, in a folder of its own.
constexpr const char* kLinked[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"};

bool isFolder(const Path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

bool isThere(const Path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Without a trailing slash.
Path absolutePath(const Path& path) {
  std::error_code error;
  const Path whole = std::filesystem::absolute(path, error).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

// Absolute and without links, even if the end of it does not exist.
Path resolved(const Path& path) {
  std::error_code error;
  const Path whole = std::filesystem::weakly_canonical(absolutePath(path), error);
  return error ? absolutePath(path) : whole;
}

// `folder`, or its nearest existing parent.
Path nearestFolder(Path folder) {
  while (!isFolder(folder) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

bool isWithin(const Path& path, const Path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

// The folder that must be admitted so that `path` is readable, now and after a renewal. For a file
// in the root it is the file itself, because the root would admit everything.
Path placeOf(const Path& path) {
  if (isFolder(path)) return path;
  const Path folder = path.parent_path();
  return folder.has_relative_path() ? folder : path;
}

// Held for the life of the process: the kernel drops its inode of a file in /proc when nobody holds
// it, and the rule with it.
void hold(const char* place) {
  open(place, O_PATH | O_CLOEXEC);
}

}  // namespace

Sandbox::Sandbox(const AllowedFiles& files) {
  std::vector<Path> writable;
  if (!files.writable.empty()) {
    writable.push_back(resolved(files.writable));
    if (!isFolder(writable.front())) {
      remarks_.push_back(files.writable.string() +
                         ": no such folder: postern writes nothing there until it is restarted");
    }
  }
  for (const char* place : kSystemPlaces) admitted_.emplace_back(resolved(place));
  for (const char* place : kProcessPlaces) {
    hold(place);
    admitted_.push_back(resolved(place));
  }
  for (const char* link : kLinked) admitted_.push_back(placeOf(resolved(link)));
  for (const Path& path : files.readable) admit(path);
  std::ranges::sort(admitted_);  // many targets share one folder
  admitted_.erase(std::unique(admitted_.begin(), admitted_.end()), admitted_.end());

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    seccomp_.why = landlock_.why =
        "no_new_privs cannot be set: " + std::generic_category().message(errno);
    return;
  }
  landlock_ = restrictFiles(admitted_, writable);
  admitted_.insert(admitted_.end(), writable.begin(), writable.end());
  seccomp_ = restrictSystemCalls();
}

// Admits the folder of a path, and the target of a link there. If the folder is missing, admits its
// nearest existing parent, so that a later mount is readable; but never the root.
void Sandbox::admit(const Path& named) {
  const Path path = absolutePath(named);
  const Path target = resolved(path);
  const Path folder = isFolder(path) ? path : path.parent_path();
  const Path there = nearestFolder(folder);
  if (isThere(target)) admitted_.push_back(placeOf(target));
  if (there.has_relative_path()) {
    admitted_.push_back(resolved(there));
    if (there == folder) return;
    remarks_.push_back(folder.string() + ": no such folder: the sandbox allows all of " +
                       there.string() + ", so that postern can read the folder when it appears");
  } else if (!isThere(target)) {
    remarks_.push_back(path.string() + ": is missing: restart postern after it appears");
  }
}

bool Sandbox::whole() const {
  return seccomp_.in_force && (landlock_.in_force || !landlock_.offered);
}

bool Sandbox::admits(const Path& file) const {
  if (!landlock_.in_force) return true;
  const Path path = resolved(file);
  return std::ranges::any_of(admitted_, [&](const Path& place) { return isWithin(path, place); });
}

}  // namespace postern::sandbox
