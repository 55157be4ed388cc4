#include "check/files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "check/mount_hint.h"

namespace postern::check {
namespace {

struct CheckedFile {
  const ReadingUser& reader;
  const config::Path& path;
  std::string role;       // "client key"
  bool secret = false;    // only the owner and group should read it
  bool optional = false;  // optional file
};

std::string modeText(mode_t mode) {
  return fmt::format("{:04o}", mode & 07777);
}

std::string readersOf(const struct stat& status) {
  const auto owner = std::to_string(status.st_uid);
  const auto group = std::to_string(status.st_gid);
  if ((status.st_mode & S_IROTH) != 0) return "every user may read it";
  if ((status.st_mode & S_IRGRP) != 0)
    return fmt::format("user {} and group {} may read it", owner, group);
  return fmt::format("only user {} may read it", owner);
}

// Whether the reader is neither the owner nor in the file's group.
bool readsAsOther(const struct stat& status, const ReadingUser& reader) {
  return reader.user != 0 && reader.user != status.st_uid &&
         std::ranges::count(reader.groups, status.st_gid) == 0;
}

// A Secret, ConfigMap or projected volume of Kubernetes: only containers that mount it see it.
bool isInVolume(const config::Path& file) {
  std::error_code ignored;
  return std::filesystem::is_symlink(file.parent_path() / "..data", ignored);
}

void checkOpenSecret(const CheckedFile& file, const struct stat& status, Step& step) {
  const auto user = "user " + std::to_string(file.reader.user);
  if (!readsAsOther(status, file.reader)) {
    step.state = StepState::Warning;
    step.remedy =
        "remove the permission of others: in Kubernetes defaultMode 0440 with the pod's fsGroup, "
        "else chmod o-r";
  } else if (isInVolume(file.path)) {
    step.what += fmt::format(
        ", because {} needs that in a pod without fsGroup; only containers that mount this volume "
        "see it",
        user);
  } else {
    step.state = StepState::Warning;
    step.remedy = fmt::format(
        "give the file to a group of {} (chgrp), then remove the permission of others: chmod 0440",
        user);
  }
}

OrderedJson fileDetails(const CheckedFile& file, const struct stat& status) {
  return {{"file", file.path.string()},
          {"role", file.role},
          {"mode", modeText(status.st_mode)},
          {"owner", status.st_uid},
          {"group", status.st_gid}};
}

Step missing(const CheckedFile& file) {
  Step step{"file", StepState::Failed, "", "", {{"file", file.path.string()}, {"role", file.role}}};
  const auto where = whereMissing(file.path);
  step.what = fmt::format("{} ({}) does not exist: {}", file.path.string(), file.role, where);
  step.remedy = fmt::format("mount a volume that holds {} at {}, or correct the file name",
                            file.path.filename().string(), file.path.parent_path().string());
  if (!file.optional) return step;
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(file.path.parent_path(), ignored);
  step.state = folder ? StepState::Ok : StepState::Warning;
  step.what = fmt::format("{} ({}) is missing, and is optional{}", file.path.string(), file.role,
                          folder ? "" : ": " + where);
  if (folder) step.remedy.clear();
  return step;
}

Step unreadable(const CheckedFile& file, const struct stat* status, int error) {
  Step step{
      "file", StepState::Failed, fmt::format("{} ({})", file.path.string(), file.role), "", {}};
  const auto user = "user " + std::to_string(file.reader.user);
  if (status == nullptr) {
    step.details = {{"file", file.path.string()}, {"role", file.role}};
    step.what += fmt::format(" is not accessible to {}: {}", user, std::strerror(error));
    step.remedy = fmt::format("give {} the permission x on the folders above the file", user);
    return step;
  }
  step.details = fileDetails(file, *status);
  step.what += fmt::format(" may not be read by {}: mode {}, {}", user, modeText(status->st_mode),
                           readersOf(*status));
  step.remedy = fmt::format(
      "let {} read it: in Kubernetes defaultMode 0440 with the pod's fsGroup, else chown or chmod",
      user);
  return step;
}

Step examine(const CheckedFile& file) {
  struct stat status {};
  if (::stat(file.path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return missing(file);
    return unreadable(file, nullptr, errno);
  }
  if (::faccessat(AT_FDCWD, file.path.c_str(), R_OK, AT_EACCESS) != 0)
    return unreadable(file, &status, errno);
  Step step{"file", StepState::Ok, "", "", fileDetails(file, status)};
  step.what = fmt::format("{} ({}): mode {}, {}", file.path.string(), file.role,
                          modeText(status.st_mode), readersOf(status));
  if (file.secret && (status.st_mode & S_IROTH) != 0) checkOpenSecret(file, status, step);
  return step;
}

class FileChecker {
 public:
  explicit FileChecker(const ReadingUser& reader) : reader_(reader) {}

  void addTarget(const config::Target& target);
  std::vector<Step> take() { return std::move(steps_); }

 private:
  void add(const config::Path& path, const std::string& role, bool secret, bool optional = false) {
    if (!path.empty()) steps_.push_back(examine({reader_, path, role, secret, optional}));
  }
  void addTls(const config::Tls& tls, const std::string& whose);
  void addHeaders(const config::HttpHeaders& headers, const std::string& whose);
  void addCredentials(const config::FileCredentials& files);
  void addDatabaseFolder(const config::Path& folder);

  const ReadingUser& reader_;
  std::vector<Step> steps_;
};

void FileChecker::addTls(const config::Tls& tls, const std::string& whose) {
  add(tls.ca_file, whose + "CA", false, tls.optional_files && !tls.needs_ca);
  add(tls.crl_file, whose + "CRL", false);
  add(tls.cert_file, whose + "client certificate", false, tls.optional_files);
  add(tls.key_file, whose + "client key", true, tls.optional_files);
  add(tls.pkcs12_file, whose + "client certificate and key", true);
  add(tls.key_password_file, whose + "password of the client key", true);
}

void FileChecker::addCredentials(const config::FileCredentials& files) {
  add(files.username_file, "user name", false);
  add(files.password_file, "password", true);
  add(files.api_key_file, "API key", true);
  add(files.token_file, "token", true);
  if (files.directory.empty()) return;
  bool any = false;
  for (const char* name : {"username", "password", "api_key", "token"}) {
    const auto path = files.directory / name;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    any = true;
    add(path, "credential", name != std::string_view("username"));
  }
  if (!any)
    steps_.push_back(missing({reader_, files.directory / "username", "credential", true, false}));
}

void FileChecker::addHeaders(const config::HttpHeaders& headers, const std::string& whose) {
  for (const auto& header : headers) {
    for (const auto& file : header.files)
      add(file, fmt::format("{}header {}", whose, header.name), true);
  }
}

// --mysql.dir. Of the files with a default, only those that exist.
void FileChecker::addDatabaseFolder(const config::Path& folder) {
  const auto addNamed = [&](const char* name, bool needed) {
    const auto path = folder / name;
    struct stat status {};
    if (!needed && ::stat(path.c_str(), &status) != 0) return;
    const bool secret = name == std::string_view("password") || name == std::string_view("tls.key");
    add(path, std::string("database's ") + name, secret);
  };
  for (const char* name : {"host", "database", "username", "password"}) addNamed(name, true);
  for (const char* name : {"port", "query", "ca.crt", "tls.crt", "tls.key"}) addNamed(name, false);
}

void FileChecker::addTarget(const config::Target& target) {
  addTls(target.tls, "");
  if (target.oauth2) addTls(target.oauth2->tls, "token endpoint's ");
  addHeaders(target.http_headers, "");
  if (target.login) addHeaders(target.login->http_headers, "login's ");
  if (!target.credentials) return;
  if (target.credentials->file) addCredentials(*target.credentials->file);
  if (!target.credentials->mysql) return;
  const auto& mysql = *target.credentials->mysql;
  add(mysql.password_file, "database's password", true);
  if (!mysql.directory.empty()) addDatabaseFolder(mysql.directory);
  if (mysql.tls) addTls(*mysql.tls, "database's ");
}

}  // namespace

ReadingUser ReadingUser::self() {
  ReadingUser reader{::geteuid(), {::getegid()}};
  if (const int count = ::getgroups(0, nullptr); count > 0) {
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    groups.resize(static_cast<std::size_t>(std::max(::getgroups(count, groups.data()), 0)));
    reader.groups.insert(reader.groups.end(), groups.begin(), groups.end());
  }
  return reader;
}

std::vector<Step> examineFiles(const config::Target& target, const ReadingUser& reader) {
  FileChecker files(reader);
  files.addTarget(target);
  return files.take();
}

}  // namespace postern::check
