#pragma once

#include <vector>

#include "config/target.h"
#include "credentials/secret_file.h"
#include "credentials/source.h"

namespace postern::credentials {

// Reads the credential from mounted files (or takes what stands inline). Every load opens
// the files by name again, so a swap of Kubernetes' ..data symlink is seen on every kind of
// mount; files of two generations are never mixed: when one of them changed while
// reading, all are read again. One trailing newline (\n or \r\n) is not part of a value. A file
// is at most 64 KiB. In a directory a file that is missing or empty counts as not given.
class MountedSource final : public Source {
 public:
  explicit MountedSource(config::FileCredentials files);

  Result<Credential> load(Deadline deadline) override;
  std::string_view name() const override { return "file"; }

 private:
  std::vector<FileState> states() const;
  Result<Credential> read() const;
  Error lacks(std::string_view field) const;

  config::FileCredentials files_;  // with the names of the directory's files filled in
};

}  // namespace postern::credentials
