#include "check/mount_hint.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace postern::check {
namespace {

struct Mount {
  std::string folder;
  std::string kind;  // of the file system
};

// mountinfo writes blanks and similar characters as \040 (proc(5)).
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool isWithin(const std::string& path, const std::string& folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// The mount of `folder`; its name is empty when unknown.
Mount mountOf(const std::string& folder) {
  std::ifstream table("/proc/self/mountinfo");
  Mount found;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string word;
    Mount mount;
    for (int i = 0; i < 5 && words >> word; ++i) mount.folder = word;
    while (words >> word && word != "-") {
    }
    words >> mount.kind;
    mount.folder = unescaped(mount.folder);
    // The last mount of a folder is on top.
    if (isWithin(folder, mount.folder) && mount.folder.size() >= found.folder.size())
      found = std::move(mount);
  }
  return found;
}

std::string contentsOf(const config::Path& folder) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> names;
  std::error_code ignored;
  for (auto entry = std::filesystem::directory_iterator(folder, ignored);
       !ignored && entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
    const auto name = entry->path().filename().string();
    if (!name.starts_with("..")) names.push_back(name);  // Kubernetes' own entries
  }
  std::ranges::sort(names);
  if (names.empty()) return "is empty";
  std::string text = "contains ";
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? text + " and others" : text;
}

}  // namespace

std::string whereMissing(const config::Path& file) {
  std::error_code ignored;
  auto folder = std::filesystem::absolute(file, ignored).parent_path();
  const auto wanted = folder;
  while (!std::filesystem::is_directory(folder, ignored) && folder != folder.parent_path())
    folder = folder.parent_path();
  const auto mount = mountOf(std::filesystem::weakly_canonical(folder, ignored).string());
  const auto on = mount.folder.empty() ? std::string()
                                       : fmt::format(" (mount {}, {})", mount.folder, mount.kind);
  if (folder == wanted)
    return fmt::format("the folder {}{} exists and {}", folder.string(), on, contentsOf(folder));
  return fmt::format("the folder {} does not exist, only {}{}", wanted.string(), folder.string(),
                     on);
}

}  // namespace postern::check
