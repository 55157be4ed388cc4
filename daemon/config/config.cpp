#include "config/config.h"

#include <fmt/core.h>

#include "base/file.h"
#include "config/readers.h"
#include "config/yaml_tree.h"

namespace postern::config {
std::string ConfigError::text() const {
  return fmt::format("{}: {}{}", where, key.empty() ? "" : key + ": ", what);
}

std::optional<std::string> readYamlText(const Path& path, std::string& wrong) {
  std::string text;
  const auto error = readFile(path, kMostYamlBytes, text);
  if (!error) return text;
  if (error->reason == FileErrorReason::TooLarge) {
    wrong = fmt::format("is {}, expected a smaller file", error->what);
    return std::nullopt;
  }
  wrong =
      fmt::format("cannot be read: {}, expected a YAML file that this user may read", error->what);
  return std::nullopt;
}

LoadedConfig load(const CommandLine& command_line) {
  LoadedConfig loaded;
  const auto& path = command_line.options.config_file;
  if (path.empty()) {
    if (command_line.only_target) loaded.config.targets.push_back(*command_line.only_target);
    return loaded;
  }
  std::string wrong;
  const auto text = readYamlText(path, wrong);
  if (text) return parseYaml(command_line.products, *text, path.string(), path.parent_path());
  loaded.errors.push_back({path.string(), "", wrong});
  return loaded;
}

LoadedConfig parseYaml(Products products, const std::string& text, const std::string& file,
                       const Path& folder, NamedFiles named) {
  ErrorCollector collector(file, folder, named);
  LoadedConfig loaded;
  const auto document = parseYamlTree(text);
  for (const auto& [line, column, what] : document.mistakes) collector.add(line, column, "", what);
  if (document.root && document.root->kind != YamlNode::NodeKind::Null) {
    YamlMap map(YamlValue(*document.root, "", collector));
    const auto targets = map.need("targets");
    if (targets) loaded.config.targets = readTargets(*targets, products);
    map.refuseUnknown(PrometheusBlock::Root);
  } else if (document.mistakes.empty()) {
    collector.add(1, 1, "", "is empty, expected targets");
  }
  loaded.config.files = collector.files();
  loaded.errors = collector.errors();
  return loaded;
}

}  // namespace postern::config
