#pragma once

#include <vector>

#include "config/target.h"
#include "credentials/secret_file.h"
#include "credentials/source.h"

namespace postern::credentials {

// Reads the credential from mounted files, or takes inline values. Every load opens the files by
// name, so it sees a swap of Kubernetes' ..data symlink on every kind of mount. It never mixes
// files of two generations: if one changes while it reads, it reads all of them again. Removes one
// trailing newline (\n or \r\n) of a value. A file has at most 64 KiB. In a directory, a missing or
// empty file counts as not set.
class MountedSource final : public Source {
 public:
  explicit MountedSource(config::FileCredentials files);

  Result<Credential> load(Deadline deadline) override;
  std::string_view name() const override { return "file"; }

 private:
  std::vector<FileState> states() const;
  Result<Credential> read() const;
  Error lacks(std::string_view field) const;

  config::FileCredentials files_;  // includes the names of the directory's files
};

}  // namespace postern::credentials
