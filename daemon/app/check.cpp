#include "app/check.h"

#include <cstdio>
#include <string>

#include "credentials/mounted.h"
#include "tls/material.h"

namespace postern::app {
namespace {

// One line per target and part; false when it is bad.
bool report(const std::string& target, const char* part, const Error* error) {
  const std::string verdict =
      error == nullptr ? "good" : std::string(faultName(error->fault)) + ": " + error->what;
  std::printf("target %s: %s: %s\n", target.c_str(), part, verdict.c_str());
  return error == nullptr;
}

template <typename T>
const Error* errorOf(const Result<T>& result) {
  return result ? nullptr : &result.error();
}

bool checkTarget(const config::Target& target) {
  const auto material = tls::Material::load(target.tls, std::chrono::system_clock::now());
  bool good = report(target.name, "TLS material", errorOf(material));
  if (target.credentials && target.credentials->file) {
    credentials::MountedSource source(*target.credentials->file);
    const auto credential = source.load(deadlineIn(std::chrono::seconds(5)));
    good = report(target.name, "credential", errorOf(credential)) && good;
  }
  return good;
}

}  // namespace

int check(const config::Config& config) {
  std::printf("configuration: good, %zu target%s\n", config.targets.size(),
              config.targets.size() == 1 ? "" : "s");
  bool good = true;
  for (const auto& target : config.targets) good = checkTarget(target) && good;
  return good ? 0 : 1;
}

}  // namespace postern::app
