#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "config/inject.h"
#include "config/target.h"

namespace postern::config {

// Auto: as much of it as the kernel has. On: a kernel without seccomp ends the program.
enum class SandboxMode { Off, Auto, On };
std::string_view sandboxModeName(SandboxMode mode);

// What flags and environment alone decide; a reload does not change it.
struct Options {
  Path config_file;  // empty: one target from flags
  bool check = false;
  bool await = false;  // a configuration that is missing or bad at start is waited for
  bool enable_auto_reload = false;
  milliseconds auto_reload_interval = seconds(30);
  std::vector<std::string> listen_addresses;  // host:port, [v6]:port or :port; never empty
  Path web_config_file;                       // empty: plain HTTP, and nobody is asked who they are
  Path web_key_password_file;                 // of the key that it names; may be empty
  std::vector<std::string> health_addresses;  // likewise; may be empty
  std::string route_prefix;                   // "" or "/a/b": no slash at its end
  std::uint32_t max_connections = 1024;
  std::uint32_t max_connections_per_address = 0;  // 0: as many
  milliseconds header_timeout = seconds(10);
  milliseconds write_timeout = seconds(30);
  milliseconds idle_timeout = minutes(2);
  bool enable_lifecycle = false;  // POST /-/reload
  bool status_page = true;        // the pages for people
  bool enable_debug = false;      // GET /metrics/<target>?debug=true
  milliseconds shutdown_timeout = seconds(10);
  milliseconds timeout_offset{500};            // taken off the scraper's own timeout
  std::size_t page_template_limit = 4U << 20;  // bytes for all targets; 0 = no templates
  Path state_dir;                              // empty: back-off does not survive a restart
  SandboxMode sandbox = SandboxMode::Off;
  std::vector<Path> files;  // each that a flag names for reading: files and folders, there or not
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Logfmt;
};

struct Config {
  std::vector<Target> targets;  // at least one, names unique
  // Each that the file names for reading: files and folders, there or not.
  std::vector<Path> files;
};

// One mistake in flags, environment or the config file.
struct Complaint {
  std::string where;         // "postern.yml:3:5", "--target.url", "POSTERN_TARGET_URL"
  std::string key;           // dotted path of the key, or empty
  std::string what;          // what is wrong, what was expected
  std::string text() const;  // "where: key: what", without what is empty
};

enum class Ask { Run, Help, Version, Rules, Check, Inject };

// What `postern check` is asked.
struct CheckOptions {
  bool live = false;  // only whether the daemon answers; then no target is needed
  bool json = false;
  bool no_login = false;  // nothing is sent that proves who we are, but the client certificate
};

// The command line and the environment, read and checked. When there are complaints
// nothing else counts.
struct CommandLine {
  Ask ask = Ask::Run;
  Path page_file;      // of Ask::Rules; "-": standard input
  std::string target;  // of Ask::Rules and Ask::Check; empty: the only one, or all
  CheckOptions check;  // of Ask::Check
  Inject inject;       // of Ask::Inject
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
// What becomes of files that are part of a configuration: Leave, where somebody else wrote it and
// it is for another machine.
enum class NamedFiles { Read, Leave };
// The same for YAML text; `file` names it in complaints, `folder` is what relative file names count
// from.
Loaded parseYaml(const std::string& text, const std::string& file, const Path& folder,
                 NamedFiles named = NamedFiles::Read);

}  // namespace postern::config
