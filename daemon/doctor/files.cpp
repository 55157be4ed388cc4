#include "doctor/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "doctor/mounts.h"

namespace postern::doctor {
namespace {

struct Wanted {
  const config::Path& path;
  std::string role;       // "client key"
  bool secret = false;    // nobody else should read it
  bool optional = false;  // it may be missing
};

std::string modeText(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
  return text.data();
}

std::string readersOf(const struct stat& status) {
  const auto owner = std::to_string(status.st_uid);
  const auto group = std::to_string(status.st_gid);
  if ((status.st_mode & S_IROTH) != 0) return "every user may read it";
  if ((status.st_mode & S_IRGRP) != 0)
    return "user " + owner + " and group " + group + " may read it";
  return "user " + owner + " alone may read it";
}

Json fileDetails(const Wanted& wanted, const struct stat& status) {
  return {{"file", wanted.path.string()},
          {"role", wanted.role},
          {"mode", modeText(status.st_mode)},
          {"owner", status.st_uid},
          {"group", status.st_gid}};
}

Step missing(const Wanted& wanted) {
  Step step{"file", State::Failed, "", "", {{"file", wanted.path.string()}, {"role", wanted.role}}};
  const auto where = whereMissing(wanted.path);
  step.what = wanted.path.string() + " (" + wanted.role + ") does not exist: " + where;
  step.cure = "mount a volume that holds " + wanted.path.filename().string() + " at " +
              wanted.path.parent_path().string() + ", or correct the file name";
  if (!wanted.optional) return step;
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(wanted.path.parent_path(), ignored);
  step.state = folder ? State::Ok : State::Warning;
  step.what = wanted.path.string() + " (" + wanted.role + ") is not there, and may be missing" +
              (folder ? "" : ": " + where);
  if (folder) step.cure.clear();
  return step;
}

Step unreadable(const Wanted& wanted, const struct stat* status, int error) {
  Step step{"file", State::Failed, wanted.path.string() + " (" + wanted.role + ")", "", {}};
  const auto user = "user " + std::to_string(::geteuid());
  if (status == nullptr) {
    step.details = {{"file", wanted.path.string()}, {"role", wanted.role}};
    step.what += " cannot be looked at by " + user + ": " + std::strerror(error);
    step.cure = "let " + user + " enter the folders above it (x for its group or for all)";
    return step;
  }
  step.details = fileDetails(wanted, *status);
  step.what += " may not be read by " + user + ": mode " + modeText(status->st_mode) + ", " +
               readersOf(*status);
  step.cure =
      "let " + user +
      " read it: in Kubernetes defaultMode 0440 with the pod's fsGroup, else chown or chmod";
  return step;
}

Step examine(const Wanted& wanted) {
  struct stat status {};
  if (::stat(wanted.path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return missing(wanted);
    return unreadable(wanted, nullptr, errno);
  }
  if (::faccessat(AT_FDCWD, wanted.path.c_str(), R_OK, AT_EACCESS) != 0)
    return unreadable(wanted, &status, errno);
  Step step{"file", State::Ok, "", "", fileDetails(wanted, status)};
  step.what = wanted.path.string() + " (" + wanted.role + "): mode " + modeText(status.st_mode) +
              ", " + readersOf(status);
  if (wanted.secret && (status.st_mode & S_IROTH) != 0) {
    step.state = State::Warning;
    step.cure =
        "take it from the others: in Kubernetes defaultMode 0440 with the pod's fsGroup, "
        "else chmod o-r";
  }
  return step;
}

void addTls(const config::Tls& tls, const std::string& whose, std::vector<Step>& steps) {
  const auto add = [&](const config::Path& path, const char* role, bool secret, bool optional) {
    if (!path.empty()) steps.push_back(examine({path, whose + role, secret, optional}));
  };
  add(tls.ca_file, "CA", false, tls.optional_files && !tls.needs_ca);
  add(tls.crl_file, "CRL", false, false);
  add(tls.cert_file, "client certificate", false, tls.optional_files);
  add(tls.key_file, "client key", true, tls.optional_files);
  add(tls.pkcs12_file, "client certificate and key", true, false);
  add(tls.key_password_file, "password of the client key", true, false);
}

void addCredentials(const config::FileCredentials& files, std::vector<Step>& steps) {
  const auto add = [&](const config::Path& path, const char* role, bool secret = true) {
    if (!path.empty()) steps.push_back(examine({path, role, secret, false}));
  };
  add(files.username_file, "user name", false);
  add(files.password_file, "password");
  add(files.api_key_file, "API key");
  add(files.token_file, "token");
  if (files.directory.empty()) return;
  std::error_code ignored;
  bool any = false;
  for (const char* name : {"username", "password", "api_key", "token"}) {
    const auto path = files.directory / name;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    any = true;
    const bool secret = name != std::string_view("username");
    steps.push_back(examine({path, "credential", secret, false}));
  }
  if (!any) steps.push_back(missing({files.directory / "username", "credential", true, false}));
}

// --mysql.dir: of what has a default only what is there.
void addDatabaseFolder(const config::Path& folder, std::vector<Step>& steps) {
  const auto add = [&](const char* name, bool needed) {
    const auto path = folder / name;
    struct stat status {};
    if (!needed && ::stat(path.c_str(), &status) != 0) return;
    const bool secret = name == std::string_view("password") || name == std::string_view("tls.key");
    steps.push_back(examine({path, std::string("database's ") + name, secret, false}));
  };
  for (const char* name : {"host", "database", "username", "password"}) add(name, true);
  for (const char* name : {"port", "query", "ca.crt", "tls.crt", "tls.key"}) add(name, false);
}

}  // namespace

std::vector<Step> examineFiles(const config::Target& target) {
  std::vector<Step> steps;
  addTls(target.tls, "", steps);
  if (target.oauth2) addTls(target.oauth2->tls, "token endpoint's ", steps);
  if (!target.credentials) return steps;
  if (target.credentials->file) addCredentials(*target.credentials->file, steps);
  if (target.credentials->mysql) {
    const auto& mysql = *target.credentials->mysql;
    if (!mysql.password_file.empty())
      steps.push_back(examine({mysql.password_file, "database's password", true, false}));
    if (!mysql.directory.empty()) addDatabaseFolder(mysql.directory, steps);
    if (mysql.tls) addTls(*mysql.tls, "database's ", steps);
  }
  return steps;
}

}  // namespace postern::doctor
