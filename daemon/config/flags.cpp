#include "config/flags.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <optional>

#include "base/printable.h"
#include "base/text.h"
#include "config/suggest.h"

namespace postern::config {
namespace {

namespace options = boost::program_options;

constexpr auto kList = FlagKind::List;
constexpr auto kSwitch = FlagKind::Switch;
constexpr auto kValue = FlagKind::Value;

constexpr auto kFlags = std::to_array<Flag>({
    {"config.file", "FILE", "YAML file with the targets", kValue, false, true},
    {"config.check", "", "check configuration and material, then exit", kSwitch, false, true},
    {"config.await", "", "wait for a configuration that is missing or invalid at start", kSwitch,
     false, true},
    {"config.enable-auto-reload", "", "reload when the configuration file changes", kSwitch, false,
     true},
    {"config.auto-reload-interval", "DURATION", "how often to look for a change (default 30s)",
     kValue, false, true},
    {"web.listen-address", "ADDRESS",
     "host:port, [IPv6]:port or :port; may be repeated (default :3000, or :$PORT)", kList, false,
     true},
    {"web.config.file", "FILE",
     "TLS, users, headers and rate limit of --web.listen-address, as in Prometheus' exporters",
     kValue, false, true},
    {"web.key-password-file", "FILE", "password of the key that --web.config.file names", kValue,
     false, true},
    {"web.health-address", "ADDRESS",
     "serves only probes, self-metrics and the status, without TLS and login; may be repeated",
     kList, false, true},
    {"web.route-prefix", "PATH", "prefix of every path, such as /postern (default /)", kValue,
     false, true},
    {"web.max-connections", "NUMBER",
     "connections per kind of listener; beyond it the longest idle one is closed (default 1024)",
     kValue, false, true},
    {"web.max-connections-per-address", "NUMBER",
     "connections of one client; 0: no limit (default 0)", kValue, false, true},
    {"web.header-timeout", "DURATION", "how long a request may take to arrive (default 10s)",
     kValue, false, true},
    {"web.write-timeout", "DURATION",
     "how long a client may read no byte of its response (default 30s)", kValue, false, true},
    {"web.idle-timeout", "DURATION",
     "how long a connection is kept for another request (default 2m)", kValue, false, true},
    {"web.enable-lifecycle", "", "answer POST and PUT /-/reload", kSwitch, false, true},
    {"web.status-page", "", "the HTML pages, on by default; =false turns them off", kSwitch, false,
     true},
    {"web.enable-debug", "", "answer GET /metrics/<target>?debug=true with a trace of one scrape",
     kSwitch, false, true},
    {"web.shutdown-timeout", "DURATION", "how long scrapes may run after SIGTERM (default 10s)",
     kValue, false, true},
    {"state.dir", "DIR", "keeps the back-off across restarts (default: not kept)", kValue, false,
     true},
    {"sandbox", "MODE", "off, auto or on: deny what the daemon does not need (default off)", kValue,
     false, true},
    {"page-template-limit", "SIZE",
     "memory for the page templates of all targets; 0 keeps none (default 4MiB)", kValue, false,
     true},
    {"timeout-offset", "DURATION", "subtracted from the scraper's own timeout (default 500ms)",
     kValue, false, true},
    {"log.level", "LEVEL", "debug, info, warn or error (default info)", kValue, false, true},
    {"log.format", "FORMAT", "logfmt or json (default logfmt)", kValue, false, true},
    {"target.name", "NAME", "name of the only target (default default)", kValue, true, true},
    {"target.url", "URL", "https URL of the only target; needed without --config.file", kValue,
     true, true},
    {"target.preset", "PRESET", " (default none)", kValue, true, true},
    {"target.server-name", "HOST", "name in the service's certificate (default: the URL's host)",
     kValue, true, true},
    {"target.spiffe-id", "ID", "SPIFFE ID in the service's certificate, instead of a name", kValue,
     true, true},
    {"target.scrape-timeout", "DURATION", "timeout of a scrape (default 10s)", kValue, true, true},
    {"tls.dir", "DIR", "folder with ca.crt, tls.crt and tls.key; each may be missing", kValue, true,
     true},
    {"tls.ca-file", "FILE", "CA of the service, instead of ca.crt in --tls.dir", kValue, true,
     true},
    {"tls.pkcs12-file", "FILE", "PKCS #12 bundle, instead of tls.crt and tls.key", kValue, true,
     true},
    {"tls.key-password-file", "FILE", "file with the password of the key or bundle", kValue, true,
     true},
    {"tls.system-roots", "", "trust the system's roots in addition to ca.crt", kSwitch, true, true},
    {"credentials.dir", "DIR", "folder with username and password, or api_key, or token", kValue,
     true, true},
    {"mysql.dir", "DIR",
     "folder with host, port, database, username, password, ca.crt of the database of credentials",
     kValue, true, true},
    {"inject.image", "IMAGE", "with inject: the sidecar's image (default postern:VERSION)", kValue,
     false, true},
    {"inject.allowed-images", "GLOB",
     "with inject: more images that a pod may request; may be repeated", kList, false, true},
    {"inject.default", "KEY=VALUE",
     "with inject: default of an annotation, named without postern.io/; may be "
     "repeated",
     kList, false, true},
    {"inject.locked-annotations", "NAME",
     "with inject: an annotation, named without postern.io/, that pods may not set; may be "
     "repeated",
     kList, false, true},
    {"inject.allowed-target-hosts", "HOST",
     "with inject: a host that pods may name as their target, such as *.example.com; localhost, "
     "127.0.0.1 and ::1, the pod itself, are always allowed; may be repeated (default: every host)",
     kList, false, true},
    {"inject.secret", "NAME", "with inject: Secret that keeps its own certificate", kValue, false,
     true},
    {"inject.webhook", "NAME", "with inject: webhook configuration whose caBundle it writes",
     kValue, false, true},
    {"inject.service", "NAME", "with inject: Service that its own certificate is for", kValue,
     false, true},
    {"inject.namespace", "NAME",
     "with inject: its own namespace (default: that of its service account)", kValue, false, true},
    {"inject.certificate-life", "DURATION",
     "with inject: how long its own certificate is valid; renewed at two thirds of it (default "
     "90d)",
     kValue, false, true},
    {"inject.count-missed-pods", "",
     "with inject: count pods that have no sidecar, on by default; =false needs no right to list "
     "pods",
     kSwitch, false, true},
    {"native-sidecar", "MODE",
     "with inject: auto, true or false: whether the sidecar is a native sidecar "
     "(default auto: when the API server is 1.32 or newer, or it and every kubelet 1.29)",
     kValue, false, true},
    {"kube.api-server", "URL", "with inject: the API server (default: that of its cluster)", kValue,
     false, true},
    {"kube.token-file", "FILE",
     "with inject: token for the API server (default: the service account's)", kValue, false, true},
    {"kube.ca-file", "FILE", "with inject: CA of the API server (default: the service account's)",
     kValue, false, true},
    {"pod", "FILE",
     "with inject: print the pods of a manifest with the sidecar; - is standard input", kValue,
     false, false},
    {"target", "NAME", "with rules and check: one target of --config.file", kValue, false, false},
    {"no-login", "", "with check: send nothing that carries a credential", kSwitch, false, false},
    {"json", "", "with check: one JSON object per line", kSwitch, false, false},
    {"live", "", "with check: only ask the running daemon whether it is healthy", kSwitch, false,
     false},
    {"version", "", "print the version and exit", kSwitch, false, false},
    {"help", "", "print this text and exit", kSwitch, false, false},
});

constexpr std::string_view kTrue = "true";
constexpr std::string_view kVariablePrefix = "POSTERN_";

ConfigError positionalArgument() {
  return {"command line", "", "an argument is not a flag, expected only flags (see --help)"};
}

const Flag* findFlag(std::string_view name) {
  const auto flag =
      std::find_if(kFlags.begin(), kFlags.end(), [&](const Flag& f) { return f.name == name; });
  return flag == kFlags.end() ? nullptr : &*flag;
}

std::vector<std::string_view> names() {
  std::vector<std::string_view> names;
  names.reserve(kFlags.size());
  for (const auto& flag : kFlags) names.push_back(flag.name);
  return names;
}

options::options_description describe() {
  options::options_description description;
  for (const auto& flag : kFlags) {
    auto* value = options::value<std::string>();
    if (flag.kind == kSwitch) value->implicit_value(std::string(kTrue));
    description.add_options()(std::string(flag.name).c_str(), value);
  }
  return description;
}

struct SplitArguments {
  std::vector<options::option> given;
  std::optional<std::string> missing_value;  // the flag without a value
};

// Program_options takes any next argument as a value, even a flag.
bool tookAFlag(const options::option& option) {
  return option.original_tokens.size() > 1 && option.original_tokens[1].starts_with("--");
}

SplitArguments splitArguments(const std::vector<std::string>& arguments) {
  using namespace options::command_line_style;
  const auto description = describe();
  try {
    SplitArguments syntax;
    syntax.given = options::command_line_parser(arguments)
                       .options(description)
                       .style(allow_long | long_allow_adjacent | long_allow_next)
                       .allow_unregistered()
                       .run()
                       .options;
    const auto eager = std::find_if(syntax.given.begin(), syntax.given.end(), tookAFlag);
    if (eager != syntax.given.end()) syntax.missing_value = "--" + eager->string_key;
    return syntax;
  } catch (const options::error_with_option_name& e) {
    return {{}, e.get_option_name()};
  }
}

// Program_options stops at the first flag without a value: remove that flag and parse again.
std::vector<options::option> splitAllArguments(std::vector<std::string> arguments,
                                               std::vector<ConfigError>& errors) {
  for (;;) {
    auto syntax = splitArguments(arguments);
    if (!syntax.missing_value) return std::move(syntax.given);
    const auto& flag = *syntax.missing_value;
    if (flag.empty()) {
      errors.push_back(positionalArgument());
      return {};
    }
    errors.push_back({flag, "", "has no value, expected one after it"});
    auto bare = arguments.begin();
    while (bare != arguments.end() && *bare != flag + '=' &&
           (*bare != flag || (bare + 1 != arguments.end() && !bare[1].starts_with("--")))) {
      ++bare;
    }
    if (bare == arguments.end()) return {};
    arguments.erase(bare);
  }
}

// Whether the kubelet sets the variable for a Service named postern or postern-...
bool isKubernetesService(std::string_view variable, std::string_view value) {
  const auto has = [&](std::string_view part) { return variable.find(part) != variable.npos; };
  const bool ours = variable == "POSTERN_PORT" || variable.starts_with("POSTERN_PORT_") ||
                    variable.starts_with("POSTERN_SERVICE_");
  return ours || has("_SERVICE_HOST") || has("_SERVICE_PORT") || has("_PORT_") ||
         (variable.ends_with("_PORT") && value.find("://") != value.npos);
}

struct NamedKind {
  std::string_view name;
  FlagKind kind;
};
using FlagsByVariable = std::map<std::string, NamedKind, std::less<>>;

FlagsByVariable flagsByVariable() {
  FlagsByVariable variables;
  for (const auto& flag : kFlags) {
    if (flag.in_environment) variables[variableName(flag.name)] = {flag.name, flag.kind};
  }
  return variables;
}

std::string_view nearestOf(std::string_view variable, const FlagsByVariable& variables) {
  std::vector<std::string_view> known;
  known.reserve(variables.size());
  for (const auto& [name, flag] : variables) known.push_back(name);
  return suggest(variable, known);
}

std::vector<std::string> splitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = std::min(text.find(','), text.size());
    parts.emplace_back(text.substr(0, comma));
    if (comma == text.size()) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::span<const Flag> flags() {
  return kFlags;
}

std::string variableName(std::string_view flag) {
  std::string name(kVariablePrefix);
  for (const char c : flag) {
    const bool separator = c == '.' || c == '-';
    name += separator ? '_' : upperCase(c);
  }
  return name;
}

Settings readFlags(const std::vector<std::string>& arguments, std::vector<ConfigError>& errors) {
  Settings settings;
  bool value_of_unknown = false;
  for (const auto& given : splitAllArguments(arguments, errors)) {
    if (given.position_key >= 0) {
      if (!value_of_unknown) errors.push_back(positionalArgument());
      value_of_unknown = false;
      continue;
    }
    const auto& name = given.string_key;
    value_of_unknown = given.unregistered && given.original_tokens.front().find('=') == name.npos;
    const auto* flag = findFlag(name);
    if (flag == nullptr) {
      errors.push_back(
          {"--" + printable(name, 64), "",
           fmt::format("unknown flag, the nearest is --{} (see --help)", suggest(name, names()))});
      continue;
    }
    auto& setting = settings[name];
    setting.where = "--" + name;
    if (flag->kind != kList && !setting.values.empty()) {
      errors.push_back({setting.where, "", "is given twice, expected once"});
    }
    setting.values.push_back(given.value.empty() ? std::string(kTrue) : given.value.front());
  }
  return settings;
}

Settings readEnvironment(const std::vector<std::string>& environment,
                         std::vector<std::string>& warnings) {
  Settings settings;
  const auto variables = flagsByVariable();
  for (const auto& entry : environment) {
    const auto equals = std::min(entry.find('='), entry.size());
    const auto variable = entry.substr(0, equals);
    const auto value = entry.substr(std::min(equals + 1, entry.size()));
    if (!variable.starts_with(kVariablePrefix) || isKubernetesService(variable, value)) continue;
    const auto known = variables.find(variable);
    if (known == variables.end()) {
      warnings.push_back(
          fmt::format("{} is not a variable of postern and is ignored, the nearest is {}",
                      printable(variable, 64), nearestOf(variable, variables)));
      continue;
    }
    // Charts and compose files pass an unused option as an empty variable.
    if (value.empty()) continue;
    const auto& [name, kind] = known->second;
    settings[std::string(name)] = {
        variable, kind == kList ? splitAtCommas(value) : std::vector<std::string>{value}};
  }
  return settings;
}

}  // namespace postern::config
