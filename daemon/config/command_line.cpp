#include <algorithm>

#include "config/flags.h"
#include "config/presets.h"
#include "config/syntax.h"
#include "config/units.h"

namespace postern::config {
namespace {

// The settings of flags and environment, each read as what is expected; a field without a
// setting, or with a wrong one, stays as it is.
class Reader {
 public:
  Reader(const Settings& settings, std::vector<Complaint>& complaints)
      : settings_(settings), complaints_(complaints) {}

  bool has(std::string_view flag) const { return settings_.find(flag) != settings_.end(); }

  void complain(std::string_view flag, std::string what) {
    complaints_.push_back({settings_.find(flag)->second.where, "", std::move(what)});
  }

  void boolean(std::string_view flag, bool& field) {
    const auto* value = find(flag);
    if (value == nullptr) return;
    if (*value == "true" || *value == "false") {
      field = *value == "true";
    } else {
      complain(flag, "is neither true nor false, expected one of them");
    }
  }

  void duration(std::string_view flag, milliseconds& field, Range<milliseconds> range) {
    const auto* value = find(flag);
    if (value == nullptr) return;
    std::string wrong;
    field = readDuration(*value, range, wrong).value_or(field);
    if (!wrong.empty()) complain(flag, wrong);
  }

  void path(std::string_view flag, Path& field) {
    if (const auto* value = text(flag)) field = *value;
  }

  void checked(std::string_view flag, std::string& field,
               std::string (*mistake)(std::string_view)) {
    const auto* value = text(flag);
    if (value == nullptr) return;
    if (auto wrong = mistake(*value); !wrong.empty()) return complain(flag, wrong);
    field = *value;
  }

  template <typename T>
  void choice(std::string_view flag, T& field,
              std::initializer_list<std::pair<std::string_view, T>> choices) {
    const auto* value = text(flag);
    if (value == nullptr) return;
    std::string expected;
    for (const auto& [name, choice] : choices) {
      if (name == *value) {
        field = choice;
        return;
      }
      expected += (expected.empty() ? "" : ", ") + std::string(name);
    }
    complain(flag, "is unknown, expected one of " + expected);
  }

  // A value that is not empty and has no control character.
  const std::string* text(std::string_view flag) {
    const auto* value = find(flag);
    if (value == nullptr) return nullptr;
    if (!value->empty() && !hasControlCharacter(*value)) return value;
    complain(flag, value->empty() ? "is empty, expected a value"
                                  : "holds a control character, expected text of one line");
    return nullptr;
  }

 private:
  const std::string* find(std::string_view flag) const {
    const auto setting = settings_.find(flag);
    return setting == settings_.end() ? nullptr : &setting->second.values.front();
  }

  const Settings& settings_;
  std::vector<Complaint>& complaints_;
};

constexpr milliseconds kHour = std::chrono::hours(1);

std::string portVariable(const std::vector<std::string>& environment) {
  for (const auto& entry : environment) {
    if (entry.starts_with("PORT=")) return entry.substr(5);
  }
  return {};
}

void readListenAddresses(const Settings& settings, const std::string& port, CommandLine& result) {
  auto& addresses = result.options.listen_addresses;
  const auto setting = settings.find("web.listen-address");
  if (setting == settings.end()) {
    addresses = {':' + (port.empty() ? "3000" : port)};
    std::string wrong;
    if (!port.empty() && !readNumber(port, {0, 65535}, wrong)) {
      result.complaints.push_back({"PORT", "", wrong});
    }
    return;
  }
  addresses = setting->second.values;
  for (const auto& address : addresses) {
    if (auto wrong = listenAddressMistake(address); !wrong.empty()) {
      result.complaints.push_back({setting->second.where, "", wrong});
    }
  }
}

void readOptions(Reader& reader, Options& options) {
  reader.path("config.file", options.config_file);
  reader.boolean("config.check", options.check);
  reader.boolean("config.enable-auto-reload", options.enable_auto_reload);
  reader.duration("config.auto-reload-interval", options.auto_reload_interval, {seconds(1), kHour});
  reader.boolean("web.enable-lifecycle", options.enable_lifecycle);
  reader.duration("web.shutdown-timeout", options.shutdown_timeout, {milliseconds(0), kHour});
  reader.path("state.dir", options.state_dir);
  reader.duration("timeout-offset", options.timeout_offset, {milliseconds(0), minutes(1)});
  reader.choice<log::Level>("log.level", options.log_level,
                            {{"debug", log::Level::Debug},
                             {"info", log::Level::Info},
                             {"warn", log::Level::Warn},
                             {"error", log::Level::Error}});
  reader.choice<log::Format>("log.format", options.log_format,
                             {{"logfmt", log::Format::Logfmt}, {"json", log::Format::Json}});
}

Target startFromPreset(Reader& reader) {
  const auto* name = reader.text("target.preset");
  auto target = makePreset(name == nullptr ? "none" : *name);
  if (!target) reader.complain("target.preset", unknownPreset());
  return target ? std::move(*target) : *makePreset("none");
}

void readUrl(Reader& reader, Url& url) {
  const auto* text = reader.text("target.url");
  if (text == nullptr) return;
  std::string wrong;
  if (auto parsed = parseUrl(*text, wrong)) url = std::move(*parsed);
  if (!wrong.empty()) reader.complain("target.url", wrong);
}

Target readOnlyTarget(Reader& reader) {
  auto target = startFromPreset(reader);
  reader.checked("target.name", target.name, targetNameMistake);
  readUrl(reader, target.url);
  reader.checked("target.server-name", target.tls.server_name, hostMistake);
  reader.duration("target.scrape-timeout", target.scrape_timeout, {milliseconds(10), minutes(10)});
  Path tls;
  reader.path("tls.dir", tls);
  if (!tls.empty()) {
    target.tls.ca_file = tls / "ca.crt";
    target.tls.cert_file = tls / "tls.crt";
    target.tls.key_file = tls / "tls.key";
    target.tls.optional_files = true;
  }
  Path credentials;
  reader.path("credentials.dir", credentials);
  if (!credentials.empty()) {
    target.credentials.emplace().file.emplace().directory = credentials;
  } else if (target.login && !reader.has("credentials.dir")) {
    reader.complain("target.preset", "needs credentials for its login, expected --credentials.dir");
  }
  return target;
}

void readTargets(const Settings& settings, Reader& reader, CommandLine& result) {
  if (!reader.has("config.file")) {
    if (!reader.has("target.url")) {
      result.complaints.push_back(
          {"command line", "", "no target, expected --target.url or --config.file"});
    }
    result.only_target = readOnlyTarget(reader);
    return;
  }
  for (const auto& flag : flags()) {
    if (flag.of_target && settings.find(flag.name) != settings.end()) {
      reader.complain(flag.name,
                      "cannot stand beside the targets of --config.file, expected it there");
    }
  }
}

// Takes the command and its operand off the arguments; without a command all are flags.
std::vector<std::string> takeCommand(std::vector<std::string> arguments, CommandLine& result) {
  if (arguments.empty() || arguments[0] != "rules") return arguments;
  result.ask = Ask::Rules;
  arguments.erase(arguments.begin());
  if (arguments.empty() || arguments[0].starts_with("--")) {
    result.complaints.push_back(
        {"command line", "", "rules has no page, expected postern rules FILE [flags]"});
    return arguments;
  }
  result.page_file = arguments[0];
  arguments.erase(arguments.begin());
  return arguments;
}

void readCommandFlags(Reader& reader, CommandLine& result) {
  if (!reader.has("target")) return;
  if (result.ask == Ask::Rules) {
    reader.checked("target", result.target, targetNameMistake);
  } else {
    reader.complain("target", "is for the command rules, expected --target.name or no command");
  }
}

}  // namespace

CommandLine parseCommandLine(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
  CommandLine result;
  auto settings = readFlags(takeCommand(arguments, result), result.complaints);
  settings.merge(readEnvironment(environment, result.warnings));
  Reader reader(settings, result.complaints);
  bool help = false;
  bool version = false;
  reader.boolean("help", help);
  reader.boolean("version", version);
  if (help || version) {
    result.ask = help ? Ask::Help : Ask::Version;
    result.complaints.clear();
    return result;
  }
  readOptions(reader, result.options);
  readCommandFlags(reader, result);
  readListenAddresses(settings, portVariable(environment), result);
  readTargets(settings, reader, result);
  return result;
}

std::string helpText() {
  std::string text =
      "postern logs in to a service behind mutual TLS and serves its metrics to Prometheus.\n\n"
      "Usage: postern [flags]\n"
      "       postern rules FILE [flags]\n"
      "           prints what the rules of a target make of a page, rule by rule\n\n";
  for (const auto& flag : flags()) {
    text += "  --" + std::string(flag.name);
    if (flag.kind != FlagKind::Switch) text += '=' + std::string(flag.argument);
    text += "\n        " + std::string(flag.help) + '\n';
    if (flag.in_environment) text += "        $" + variableName(flag.name) + '\n';
  }
  return text +
         "\nA flag wins over its variable, and an empty variable counts as none. In\n"
         "$POSTERN_WEB_LISTEN_ADDRESS commas separate addresses. Durations are written as\n"
         "Prometheus does: 1m30s, 250ms.\n";
}

}  // namespace postern::config
