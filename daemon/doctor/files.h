#pragma once

#include <sys/types.h>

#include <vector>

#include "config/target.h"
#include "doctor/report.h"

namespace postern::doctor {

// Who reads the files.
struct Reader {
  uid_t user;
  std::vector<gid_t> groups;

  static Reader self();
};

// A step for each file that the target names: whether it is there, who may read it, whether that
// is too many. A secret that everybody may read is not too open in a volume of Kubernetes that the
// reader could not read otherwise: so the injector mounts it in a pod without an fsGroup. A missing
// file names the mount that it should be on. Reads no file.
std::vector<Step> examineFiles(const config::Target& target, const Reader& reader = Reader::self());

}  // namespace postern::doctor
