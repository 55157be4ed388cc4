#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "config/inject.h"
#include "config/presets.h"
#include "config/target.h"

namespace postern::config {

// Auto: every layer that the kernel supports. On: without seccomp in the kernel the program exits.
enum class SandboxMode { Off, Auto, On };
std::string_view sandboxModeName(SandboxMode mode);

// Options that only flags and the environment set. A reload does not change them.
struct Options {
  Path config_file;  // empty: one target from flags
  bool check = false;
  bool await = false;  // at start, wait for a configuration that is missing or invalid
  bool enable_auto_reload = false;
  milliseconds auto_reload_interval = seconds(30);
  std::vector<std::string> listen_addresses;  // host:port, [v6]:port or :port; never empty
  Path web_config_file;                       // empty: plain HTTP without access control
  Path web_key_password_file;                 // for the key of web_config_file; may be empty
  std::vector<std::string> health_addresses;  // in the same forms; may be empty
  std::string route_prefix;                   // "" or "/a/b": no slash at its end
  std::uint32_t max_connections = 1024;
  std::uint32_t max_connections_per_address = 0;  // 0: no limit
  milliseconds header_timeout = seconds(10);
  milliseconds write_timeout = seconds(30);
  milliseconds idle_timeout = minutes(2);
  bool enable_lifecycle = false;  // POST /-/reload
  bool status_page = true;        // the HTML pages
  bool enable_debug = false;      // GET /metrics/<target>?debug=true
  milliseconds shutdown_timeout = seconds(10);
  milliseconds timeout_offset{500};            // taken off the scraper's own timeout
  std::size_t page_template_limit = 4U << 20;  // bytes for all targets; 0 = no templates
  Path state_dir;                              // empty: back-off state is lost at a restart
  SandboxMode sandbox = SandboxMode::Off;
  std::vector<Path> files;  // each file and folder that a flag names for reading; it may be missing
  log::LogLevel log_level = log::LogLevel::Info;
  log::LogFormat log_format = log::LogFormat::Logfmt;
};

struct Config {
  std::vector<Target> targets;  // at least one, names unique
  // Each file and folder that the configuration file names for reading. It may be missing.
  std::vector<Path> files;
};

// One mistake in flags, environment or the config file.
struct ConfigError {
  std::string where;         // "postern.yml:3:5", "--target.url", "POSTERN_TARGET_URL"
  std::string key;           // dotted path of the key, or empty
  std::string what;          // what is wrong, what was expected
  std::string text() const;  // "where: key: what"; empty parts are left out
};

enum class Command { Run, Help, Version, Rules, Check, Inject };

// The options of `postern check`.
struct CheckOptions {
  bool live = false;  // only ask whether the daemon answers; needs no target
  bool json = false;
  bool no_login = false;  // send no credential except the client certificate
};

// The command line and the environment, read and checked. If there are errors, ignore all other
// fields.
struct CommandLine {
  Products products = {};  // those of load() too
  Command command = Command::Run;
  Path page_file;      // for Command::Rules; "-": standard input
  std::string target;  // for Command::Rules and Command::Check; empty: the only one, or all
  CheckOptions check;  // for Command::Check
  Inject inject;       // for Command::Inject
  Options options;
  std::optional<Target> only_target;  // from flags; not set when a config file names the targets
  std::vector<ConfigError> errors;
  std::vector<std::string> warnings;  // unknown POSTERN_* variables with the suggest flag
};

// `environment` is NAME=value, as in environ(7); argv[0] is not among `arguments`.
CommandLine parseCommandLine(Products products, const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment);
// The text of --help. It ends with a newline.
std::string helpText(Products products);

struct LoadedConfig {
  Config config;
  std::vector<ConfigError> errors;  // empty: config is complete and valid
};

// Reads options.config_file if it is set. Otherwise takes the target from flags. Reports every
// mistake, in the order of the file. Called at start and at each reload.
LoadedConfig load(const CommandLine& command_line);
// Whether to read the files that a configuration names. Leave: the configuration is for another
// machine, and its author is not trusted.
enum class NamedFiles { Read, Leave };
// The same for YAML text. `file` is its name in errors. Relative file names are resolved
// against `folder`.
LoadedConfig parseYaml(Products products, const std::string& text, const std::string& file,
                       const Path& folder, NamedFiles named = NamedFiles::Read);

}  // namespace postern::config
