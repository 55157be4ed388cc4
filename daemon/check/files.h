#pragma once

#include <sys/types.h>

#include <vector>

#include "check/report.h"
#include "config/target.h"

namespace postern::check {

// The user that reads the files.
struct ReadingUser {
  uid_t user;
  std::vector<gid_t> groups;

  static ReadingUser self();
};

// A step for each file that the target names: whether it exists and who may read it. A secret that
// everybody may read is a warning, with one exception: a volume of Kubernetes that the reader could
// not read otherwise, because the injector mounts it in a pod without fsGroup. A missing file names
// the mount where it should be. Reads no file.
std::vector<Step> examineFiles(const config::Target& target,
                               const ReadingUser& reader = ReadingUser::self());

}  // namespace postern::check
