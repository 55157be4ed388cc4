#pragma once

#include "config/target.h"
#include "credentials/source.h"

namespace postern::credentials {

// Reads the credential from mounted files (or takes what stands inline). Every load opens
// the files by name again, so a swap of Kubernetes' ..data symlink is seen on every kind of
// mount; files of two generations are never mixed: when the folder's ..data changed while
// reading, it reads again. One trailing newline (\n or \r\n) is not part of a value. A file is
// at most 64 KiB.
class MountedSource final : public Source {
 public:
  explicit MountedSource(config::FileCredentials files);

  Result<Credential> load(Deadline deadline) override;
  std::string_view name() const override { return "file"; }

 private:
  config::FileCredentials files_;
};

}  // namespace postern::credentials
