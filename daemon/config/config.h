#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/target.h"

namespace postern::config {

// What flags and environment alone decide; a reload does not change it.
struct Options {
  Path config_file;  // empty: one target from flags
  bool check = false;
  bool enable_auto_reload = false;
  milliseconds auto_reload_interval = seconds(30);
  std::vector<std::string> listen_addresses;  // host:port, [v6]:port or :port; never empty
  bool enable_lifecycle = false;              // POST /-/reload
  milliseconds shutdown_timeout = seconds(10);
  milliseconds timeout_offset{500};  // taken off the scraper's own timeout
  Path state_dir;                    // empty: back-off does not survive a restart
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Logfmt;
};

struct Config {
  std::vector<Target> targets;  // at least one, names unique
};

// One mistake in flags, environment or the config file.
struct Complaint {
  std::string where;         // "postern.yml:3:5", "--target.url", "POSTERN_TARGET_URL"
  std::string key;           // dotted path of the key, or empty
  std::string what;          // what is wrong, what was expected
  std::string text() const;  // "where: key: what", without what is empty
};

enum class Ask { Run, Help, Version, Rules };

// The command line and the environment, read and checked. When there are complaints
// nothing else counts.
struct CommandLine {
  Ask ask = Ask::Run;
  Path page_file;      // of Ask::Rules; "-": standard input
  std::string target;  // of Ask::Rules; empty: the only one
  Options options;
  std::optional<Target> only_target;  // from flags; none when a config file names the targets
  std::vector<Complaint> complaints;
  std::vector<std::string> warnings;  // unknown POSTERN_* variables with the nearest flag
};

// `environment` is NAME=value, as in environ(7); argv[0] is not among `arguments`.
CommandLine parseCommandLine(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment);
// The text of --help, ends with a newline.
std::string helpText();

struct Loaded {
  Config config;
  std::vector<Complaint> complaints;  // empty: config is complete and valid
};

// Reads options.config_file when there is one, else takes the target from flags. Every
// mistake is reported, in the order of the file. Called at start and at each reload.
Loaded load(const CommandLine& command_line);
// The same for YAML text; `file` names it in complaints, `folder` is what relative file names count
// from.
Loaded parseYaml(const std::string& text, const std::string& file, const Path& folder);

}  // namespace postern::config
