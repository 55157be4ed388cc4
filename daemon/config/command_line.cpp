#include <fmt/core.h>

#include <algorithm>

#include "config/flags.h"
#include "config/presets.h"
#include "config/settings_reader.h"
#include "config/syntax.h"
#include "config/units.h"

namespace postern::config {
namespace {

constexpr milliseconds kHour = std::chrono::hours(1);

std::string portVariable(const std::vector<std::string>& environment) {
  for (const auto& entry : environment) {
    if (entry.starts_with("PORT=")) return entry.substr(5);
  }
  return {};
}

std::vector<std::string> readAddresses(const Setting& setting, std::vector<ConfigError>& errors) {
  for (const auto& address : setting.values) {
    if (auto wrong = listenAddressMistake(address); !wrong.empty()) {
      errors.push_back({setting.where, "", wrong});
    }
  }
  return setting.values;
}

void readListenAddresses(const Settings& settings, const std::string& port, CommandLine& result) {
  const bool injector = result.command == Command::Inject;
  if (const auto health = settings.find("web.health-address"); health != settings.end()) {
    result.options.health_addresses = readAddresses(health->second, result.errors);
  } else if (injector) {
    result.options.health_addresses = {":8080"};
  }
  auto& addresses = result.options.listen_addresses;
  const auto setting = settings.find("web.listen-address");
  if (setting == settings.end() && injector) {
    addresses = {":8443"};
    return;
  }
  if (setting == settings.end()) {
    addresses = {':' + (port.empty() ? "3000" : port)};
    std::string wrong;
    if (!port.empty() && !readNumber(port, {0, 65535}, wrong)) {
      result.errors.push_back({"PORT", "", wrong});
    }
    return;
  }
  addresses = readAddresses(setting->second, result.errors);
}

// "/postern/" and "/postern" are the same; "/" means no prefix.
void readRoutePrefix(SettingsReader& reader, std::string& prefix) {
  reader.checked("web.route-prefix", prefix,
                 [](std::string_view text) { return pathMistake(text, false); });
  while (prefix.ends_with('/')) prefix.pop_back();
}

void readOptions(SettingsReader& reader, Options& options) {
  reader.path("config.file", options.config_file);
  reader.boolean("config.check", options.check);
  reader.boolean("config.await", options.await);
  reader.boolean("config.enable-auto-reload", options.enable_auto_reload);
  reader.duration("config.auto-reload-interval", options.auto_reload_interval, {seconds(1), kHour});
  reader.path("web.config.file", options.web_config_file);
  reader.path("web.key-password-file", options.web_key_password_file);
  if (reader.has("web.key-password-file") && !reader.has("web.config.file")) {
    reader.addError("web.key-password-file", "is set without --web.config.file, expected both");
  }
  readRoutePrefix(reader, options.route_prefix);
  reader.number("web.max-connections", options.max_connections, {1, 1'000'000});
  reader.number("web.max-connections-per-address", options.max_connections_per_address,
                {0, 1'000'000});
  reader.duration("web.header-timeout", options.header_timeout, {milliseconds(10), kHour});
  reader.duration("web.write-timeout", options.write_timeout, {milliseconds(10), kHour});
  reader.duration("web.idle-timeout", options.idle_timeout, {milliseconds(10), kHour});
  reader.boolean("web.enable-lifecycle", options.enable_lifecycle);
  reader.boolean("web.status-page", options.status_page);
  reader.boolean("web.enable-debug", options.enable_debug);
  reader.duration("web.shutdown-timeout", options.shutdown_timeout, {milliseconds(0), kHour});
  if (const auto* folder = reader.text("state.dir")) options.state_dir = *folder;
  using enum SandboxMode;
  reader.choice<SandboxMode>(
      "sandbox", options.sandbox,
      {{sandboxModeName(Off), Off}, {sandboxModeName(Auto), Auto}, {sandboxModeName(On), On}});
  reader.size("page-template-limit", options.page_template_limit, {0, std::size_t{1} << 30});
  reader.duration("timeout-offset", options.timeout_offset, {milliseconds(0), minutes(1)});
  reader.choice<log::LogLevel>("log.level", options.log_level,
                               {{"debug", log::LogLevel::Debug},
                                {"info", log::LogLevel::Info},
                                {"warn", log::LogLevel::Warn},
                                {"error", log::LogLevel::Error}});
  reader.choice<log::LogFormat>(
      "log.format", options.log_format,
      {{"logfmt", log::LogFormat::Logfmt}, {"json", log::LogFormat::Json}});
}

Target startFromPreset(SettingsReader& reader, Products products) {
  const auto* name = reader.text("target.preset");
  auto target = makePreset(products, name == nullptr ? "none" : *name);
  if (!target) reader.addError("target.preset", unknownPreset(products));
  return target ? std::move(*target) : *makePreset(products, "none");
}

void readUrl(SettingsReader& reader, Url& url) {
  const auto* text = reader.text("target.url");
  if (text == nullptr) return;
  std::string wrong;
  if (auto parsed = parseUrl(*text, wrong)) url = std::move(*parsed);
  if (!wrong.empty()) reader.addError("target.url", wrong);
}

void readTls(SettingsReader& reader, Tls& tls) {
  Path folder;
  reader.path("tls.dir", folder);
  reader.path("tls.ca-file", tls.ca_file);
  reader.path("tls.pkcs12-file", tls.pkcs12_file);
  reader.path("tls.key-password-file", tls.key_password_file);
  reader.boolean("tls.system-roots", tls.system_roots);
  reader.checked("target.spiffe-id", tls.spiffe_id, spiffeIdMistake);
  tls.needs_ca = !tls.ca_file.empty();
  if (!folder.empty()) {
    if (!tls.needs_ca) tls.ca_file = folder / "ca.crt";
    tls.optional_files = true;
  }
  if (!folder.empty() && tls.pkcs12_file.empty()) {
    tls.cert_file = folder / "tls.crt";
    tls.key_file = folder / "tls.key";
  }
  if (!tls.key_password_file.empty() && tls.key_file.empty() && tls.pkcs12_file.empty()) {
    reader.addError("tls.key-password-file",
                    "is set without a key, expected --tls.dir or --tls.pkcs12-file");
  }
  if (tls.spiffe_id.empty()) return;
  if (tls.ca_file.empty()) {
    reader.addError(
        "target.spiffe-id",
        "is set without --tls.dir or --tls.ca-file, expected the bundle of its trust domain "
        "there");
  }
  if (reader.has("target.server-name")) {
    reader.addError("target.spiffe-id", "excludes --target.server-name, expected one of them");
  }
  if (tls.system_roots) {
    reader.addError(
        "tls.system-roots",
        "excludes --target.spiffe-id: only the bundle of its trust domain may verify the server");
  }
}

void readCredentials(SettingsReader& reader, Target& target) {
  Path folder;
  Path database;
  reader.path("credentials.dir", folder);
  reader.path("mysql.dir", database);
  if (reader.has("credentials.dir") && reader.has("mysql.dir")) {
    reader.addError("mysql.dir", "excludes --credentials.dir, expected one of them");
  } else if (!folder.empty()) {
    target.credentials.emplace().file.emplace().directory = folder;
  } else if (!database.empty()) {
    target.credentials.emplace().mysql.emplace().directory = database;
  } else if (target.login && !reader.has("credentials.dir") && !reader.has("mysql.dir")) {
    reader.addError("target.preset",
                    "needs credentials for its login, expected --credentials.dir or --mysql.dir");
  }
}

Target readOnlyTarget(SettingsReader& reader, Products products) {
  auto target = startFromPreset(reader, products);
  reader.checked("target.name", target.name, targetNameMistake);
  readUrl(reader, target.url);
  reader.checked("target.server-name", target.tls.server_name, hostMistake);
  reader.duration("target.scrape-timeout", target.scrape_timeout, {milliseconds(10), minutes(10)});
  readTls(reader, target.tls);
  readCredentials(reader, target);
  return target;
}

constexpr std::string_view kSeenByExec =
    "; in a container kubectl exec sees the environment and not the arguments, so set "
    "POSTERN_CONFIG_FILE or POSTERN_TARGET_URL there";

void readTargets(const Settings& settings, SettingsReader& reader, CommandLine& result) {
  if (result.check.live) return;
  if (!reader.has("config.file")) {
    if (!reader.has("target.url")) {
      result.errors.push_back(
          {"command line", "",
           "no target, expected --target.url or --config.file" +
               std::string(result.command == Command::Check ? kSeenByExec : "")});
    }
    result.only_target = readOnlyTarget(reader, result.products);
    return;
  }
  for (const auto& flag : flags()) {
    if (flag.of_target && settings.find(flag.name) != settings.end()) {
      reader.addError(
          flag.name,
          "cannot be combined with --config.file, expected it in the targets of that file");
    }
  }
}

// Removes the command and its operand from the arguments. Without a command all are flags.
std::vector<std::string> takeCommand(std::vector<std::string> arguments, CommandLine& result) {
  if (arguments.empty()) return arguments;
  if (arguments[0] == "check") {
    result.command = Command::Check;
    arguments.erase(arguments.begin());
    return arguments;
  }
  if (arguments[0] == "inject") {
    result.command = Command::Inject;
    arguments.erase(arguments.begin());
    return arguments;
  }
  if (arguments[0] != "rules") return arguments;
  result.command = Command::Rules;
  arguments.erase(arguments.begin());
  if (arguments.empty() || arguments[0].starts_with("--")) {
    result.errors.push_back(
        {"command line", "", "rules has no page, expected postern rules FILE [flags]"});
    return arguments;
  }
  result.page_file = arguments[0];
  arguments.erase(arguments.begin());
  return arguments;
}

constexpr std::string_view kOfInject[] = {"inject.secret",
                                          "inject.webhook",
                                          "inject.service",
                                          "inject.namespace",
                                          "inject.image",
                                          "inject.allowed-images",
                                          "inject.default",
                                          "native-sidecar",
                                          "kube.api-server",
                                          "kube.token-file",
                                          "kube.ca-file",
                                          "pod",
                                          "inject.certificate-life",
                                          "inject.locked-annotations",
                                          "inject.allowed-target-hosts",
                                          "inject.count-missed-pods"};

void readCommandFlags(SettingsReader& reader, CommandLine& result) {
  if (result.command == Command::Inject) return;
  if (reader.has("target") && result.command == Command::Run) {
    reader.addError("target",
                    "is for the commands rules and check, expected --target.name or one of them");
  }
  reader.checked("target", result.target, targetNameMistake);
  for (const std::string_view flag : {"no-login", "json", "live"}) {
    if (reader.has(flag) && result.command != Command::Check)
      reader.addError(flag, "is for the command check, expected postern check");
  }
  reader.boolean("no-login", result.check.no_login);
  reader.boolean("json", result.check.json);
  reader.boolean("live", result.check.live);
  for (const std::string_view flag : kOfInject) {
    if (reader.has(flag))
      reader.addError(flag, "is for the command inject, expected postern inject");
  }
  for (const std::string_view flag : {"no-login", "json", "target"}) {
    if (result.check.live && reader.has(flag))
      reader.addError(
          flag, "cannot be combined with --live, which only asks whether the daemon is healthy");
  }
}

}  // namespace

std::string_view sandboxModeName(SandboxMode mode) {
  switch (mode) {
    case SandboxMode::Off: break;
    case SandboxMode::Auto: return "auto";
    case SandboxMode::On: return "on";
  }
  return "off";
}

CommandLine parseCommandLine(Products products, const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
  CommandLine result;
  result.products = products;
  auto settings = readFlags(takeCommand(arguments, result), result.errors);
  settings.merge(readEnvironment(environment, result.warnings));
  SettingsReader reader(settings, result.errors, result.options.files);
  bool help = false;
  bool version = false;
  reader.boolean("help", help);
  reader.boolean("version", version);
  if (help || version) {
    result.command = help ? Command::Help : Command::Version;
    result.errors.clear();
    return result;
  }
  readOptions(reader, result.options);
  readCommandFlags(reader, result);
  readListenAddresses(settings, portVariable(environment), result);
  if (result.command == Command::Inject) {
    result.inject = readInject(reader, settings, result.errors);
  } else {
    readTargets(settings, reader, result);
  }
  return result;
}

std::string helpText(Products products) {
  std::string text =
      "postern logs in to a service behind mutual TLS and serves its metrics to Prometheus.\n\n"
      "Usage: postern [flags]\n"
      "       postern rules FILE [flags]\n"
      "           prints the effect of a target's rules on a page, rule by rule\n"
      "       postern check [--target=NAME] [--no-login] [--json] [flags]\n"
      "           tests each step of a scrape; reports what is wrong and how to fix it\n"
      "       postern check --live [flags]\n"
      "           asks the running daemon whether it is healthy, for probes of containers\n"
      "       postern inject [flags]\n"
      "           runs the admission webhook that adds the sidecar to pods; with --pod=FILE adds "
      "it "
      "to a manifest\n\n";
  for (const auto& flag : flags()) {
    text += "  --" + std::string(flag.name);
    if (flag.kind != FlagKind::Switch) text += '=' + std::string(flag.argument);
    const bool preset = flag.name == "target.preset";
    text += fmt::format("\n        {}{}\n", preset ? presetNames(products) : "", flag.help);
    if (flag.in_environment) text += fmt::format("        ${}\n", variableName(flag.name));
  }
  return text +
         "\nA flag overrides its variable. An empty variable counts as not set. In\n"
         "$POSTERN_WEB_LISTEN_ADDRESS commas separate addresses. Durations have the form of\n"
         "Prometheus: 1m30s, 250ms.\n";
}

}  // namespace postern::config
