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

// What becomes of an annotation's value.
enum class Becomes {
  Variable,   // the sidecar's environment has it as it is
  Secret,     // a Secret of this name is mounted
  ConfigMap,  // likewise
  Field,      // something of the sidecar or of the pod
};

// One thing that a pod may say of its sidecar.
struct Annotation {
  std::string_view key;  // without the domain
  Becomes becomes;
  std::string_view flag;     // whose variable is set; empty for a field
  std::string_view content;  // of that variable, where the value names what is mounted
  // What is wrong with a value and what was expected, or an empty text. Null: the daemon's own
  // reader of its environment says it.
  std::string (*mistake)(std::string_view);
};

// Every one there is.
std::span<const Annotation> annotations();
// What is wrong with the name of an annotation in --inject.locked-annotations, or an empty text.
std::string lockMistake(std::string_view name);
// The names of a value such as "registry-a, registry-b"; at least one, which may be empty.
std::vector<std::string_view> namesIn(std::string_view text);
// Whether its flag is of the only target, and means nothing beside a configuration file.
bool isOfTarget(const Annotation& annotation);
// "/tls" and "postern-tls": where it is mounted, and what the volume is called.
std::string mountOf(const Annotation& annotation);
std::string volumeOf(const Annotation& annotation);

// What a pod and, where it says nothing, the fleet's defaults wish of the sidecar.
class Wishes {
 public:
  // Unknown annotations of our domain and bad values are said in `mistakes`, those of `defaults`
  // too. An empty value counts as none, and takes a default away. A pod that names its
  // target or its credential in one way leaves aside the defaults for the other way.
  Wishes(const Words& of_pod, const config::Pairs& defaults, std::vector<std::string>& mistakes);

  // Nothing, and never an empty text, when nobody wishes it.
  std::optional<std::string_view> find(std::string_view key) const;
  // The same, or what holds without a wish.
  std::string_view get(std::string_view key, std::string_view otherwise) const;
  bool isTrue(std::string_view key) const { return find(key) == "true"; }
  // Whether the pod itself says it.
  bool own(std::string_view key) const { return own_.count(key) > 0; }
  // Defaults that an annotation of the pod takes away without setting them: which one does, by the
  // key of the default.
  const Words& replaced() const { return replaced_; }

 private:
  Words wished_;
  Words own_;
  Words replaced_;
};

}  // namespace postern::kube
