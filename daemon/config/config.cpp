#include "config/config.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "config/readers.h"

namespace postern::config {
namespace {

// One byte more than parseYamlTree accepts, so that a longer file is seen to be longer.
constexpr std::size_t kMostRead = (1U << 20) + 1;

}  // namespace

std::string Complaint::text() const {
  return where + ": " + (key.empty() ? "" : key + ": ") + what;
}

std::optional<std::string> readYamlText(const Path& path, std::string& wrong) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(kMostRead, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    wrong = "cannot be read: " + std::generic_category().message(errno) +
            ", expected a YAML file that this user may read";
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

Loaded load(const CommandLine& command_line) {
  Loaded loaded;
  const auto& path = command_line.options.config_file;
  if (path.empty()) {
    if (command_line.only_target) loaded.config.targets.push_back(*command_line.only_target);
    return loaded;
  }
  std::string wrong;
  const auto text = readYamlText(path, wrong);
  if (text) return parseYaml(*text, path.string(), path.parent_path());
  loaded.complaints.push_back({path.string(), "", wrong});
  return loaded;
}

Loaded parseYaml(const std::string& text, const std::string& file, const Path& folder,
                 NamedFiles named) {
  Report report(file, folder, named);
  Loaded loaded;
  const auto document = parseYamlTree(text);
  for (const auto& [line, column, what] : document.mistakes) report.add(line, column, "", what);
  if (document.root && document.root->kind != YamlNode::Kind::Null) {
    Map map(Value(*document.root, "", report));
    const auto targets = map.need("targets");
    if (targets) loaded.config.targets = readTargets(*targets);
    map.refuseUnknown();
  } else if (document.mistakes.empty()) {
    report.add(1, 1, "", "is empty, expected targets");
  }
  loaded.config.files = report.files();
  loaded.complaints = report.complaints();
  return loaded;
}

}  // namespace postern::config
