#include "app/await.h"

#include <string>
#include <vector>

#include "app/exit_code.h"
#include "app/signals.h"
#include "app/waiting_room.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/web_config.h"
#include "tls/files.h"

namespace postern::app {
namespace {

using std::chrono::seconds;

constexpr seconds kLook{1};
constexpr seconds kLookAnyway{10};

// What the files say at one moment.
struct Look {
  config::Config config;
  std::vector<config::Complaint> complaints;  // empty: all is good
  bool web_good = true;
  std::vector<config::Path> files;  // that were read, or would have been
  std::string signature;            // of them, from before

  WaitingRoom::Notice notice() const {
    std::string reason = complaints.front().text();
    if (complaints.size() > 1)
      reason += " (and " + std::to_string(complaints.size() - 1) + " more, which the log names)";
    return {reason, web_good};
  }
};

std::string signatureOf(const std::vector<config::Path>& files) {
  std::string signature;
  for (const auto& file : files) signature += tls::signatureOf(file);
  return signature;
}

Look look(const config::CommandLine& command_line) {
  const auto& options = command_line.options;
  Look look;
  look.files = {options.config_file, options.web_config_file};
  look.signature = signatureOf(look.files);
  auto loaded = config::load(command_line);
  look.complaints = loaded.complaints;
  const auto add = [&](const std::vector<config::Path>& files) {
    look.signature += signatureOf(files);
    look.files.insert(look.files.end(), files.begin(), files.end());
  };
  add(loaded.config.files);
  look.config = std::move(loaded.config);
  if (options.web_config_file.empty()) return look;
  const auto web = config::loadWebConfig(options.web_config_file);
  look.web_good = web.complaints.empty();
  look.complaints.insert(look.complaints.end(), web.complaints.begin(), web.complaints.end());
  add(web.files);
  return look;
}

void tell(const std::vector<config::Complaint>& complaints) {
  for (const auto& complaint : complaints)
    log::error("the configuration is not good, it is awaited", {{"error", complaint.text()}});
}

// Waits until something has changed, or it is time to look all the same. The exit code when the
// process has to end.
std::optional<int> pauseAfter(const Look& seen, WaitingRoom& room, const sigset_t& signals) {
  const auto until = deadlineIn(kLookAnyway);
  while (std::chrono::steady_clock::now() < until) {
    const int signal = waitForSignal(signals, kLook);
    if (signal == SIGTERM || signal == SIGINT) return 0;
    if (signal == SIGHUP || signatureOf(seen.files) != seen.signature) return std::nullopt;
    const auto code = room.ended();
    if (code == kBadUsage) return kBadUsage;
    if (code) room.open(seen.notice());
  }
  return std::nullopt;
}

}  // namespace

std::variant<Awaited, int> awaitConfig(const config::CommandLine& command_line) {
  auto seen = look(command_line);
  if (seen.complaints.empty()) return Awaited{std::move(seen.config), std::nullopt};
  const sigset_t signals = blockSignals();
  raiseDescriptorLimit(command_line.options.max_connections);
  auto doors = openDoors(command_line.options);
  if (!doors) return 1;
  WaitingRoom room(command_line.options, *doors);
  std::string told;
  while (!seen.complaints.empty()) {
    std::string now;
    for (const auto& complaint : seen.complaints) now += complaint.text() + "\n";
    if (now != told) {
      tell(seen.complaints);
      room.open(seen.notice());
      told = std::move(now);
    }
    if (const auto code = pauseAfter(seen, room, signals)) return *code;
    seen = look(command_line);
  }
  log::info("the configuration is good now");
  room.close();
  return Awaited{std::move(seen.config), std::move(doors)};
}

}  // namespace postern::app
