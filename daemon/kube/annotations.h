#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/target.h"
#include "kube/pod.h"

namespace postern::kube {

inline constexpr std::string_view kDomain = "postern.io/";

// How an annotation's value is used.
enum class Becomes {
  Variable,   // value of a variable in the sidecar's environment
  Secret,     // name of a Secret to mount
  ConfigMap,  // name of a ConfigMap to mount
  Field,      // sets a field of the sidecar or of the pod
};

// One annotation with which a pod configures its sidecar.
struct Annotation {
  std::string_view key;  // without the domain
  Becomes becomes;
  std::string_view flag;     // its variable is set; empty for a field
  std::string_view content;  // of that variable if the annotation names what is mounted
  // What is wrong with a value and what was expected, or an empty text. Null: the daemon's own
  // reader of its environment checks it.
  std::string (*mistake)(std::string_view);
};

// Every annotation.
std::span<const Annotation> annotations();
// What is wrong with the name of an annotation in --inject.locked-annotations, or an empty text.
std::string lockMistake(std::string_view name);
// Splits a value such as "registry-a, registry-b" into names: at least one, which may be empty.
std::vector<std::string_view> namesIn(std::string_view text);
// Whether its flag describes the only target, so that a configuration file excludes it.
bool isOfTarget(const Annotation& annotation);
// "/tls" and "postern-tls": the mount path and the name of the volume.
std::string mountOf(const Annotation& annotation);
std::string volumeOf(const Annotation& annotation);

// The sidecar's options: the pod's annotations, and the fleet's defaults for all others.
class SidecarOptions {
 public:
  // Adds unknown annotations of postern.io/ and invalid values, also those of `defaults`, to
  // `mistakes`. An empty value counts as not set, and removes a default. A pod that names its
  // target or credential in one way ignores the defaults for the other way.
  SidecarOptions(const StringMap& of_pod, const config::Pairs& defaults,
                 std::vector<std::string>& mistakes);

  // Nothing if it is not set. Never an empty text.
  std::optional<std::string_view> find(std::string_view key) const;
  // The same, or the given value if it is not set.
  std::string_view get(std::string_view key, std::string_view otherwise) const;
  bool isTrue(std::string_view key) const { return find(key) == "true"; }
  // Whether the pod itself sets it.
  bool own(std::string_view key) const { return own_.count(key) > 0; }
  // Defaults that an annotation of the pod removes without setting them: that annotation, by the
  // key of the default.
  const StringMap& replaced() const { return replaced_; }

 private:
  StringMap options_;
  StringMap own_;
  StringMap replaced_;
};

}  // namespace postern::kube
