#include <csignal>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "Poco/Exception.h"
#include "fake_whatsapp/control.h"
#include "fake_whatsapp/fake_whatsapp.h"

namespace {

using postern::testing::Control;
using postern::testing::FakeWhatsapp;

constexpr const char* kUsage =
    "usage: fake_whatsapp --cert FILE --key FILE --ca FILE [--listen HOST:PORT]\n"
    "         [--control HOST:PORT] [--keep-alive SECONDS] [--KEY VALUE]...\n"
    "Every KEY of the control port's /set is a flag, as --user, --password, --token-life.\n"
    "It prints the ports that it took, and ends at SIGINT or SIGTERM.\n";

struct Arguments {
  FakeWhatsapp::Options options;
  std::string control;
};

std::string underscored(std::string flag) {
  for (char& letter : flag) {
    if (letter == '-') letter = '_';
  }
  return flag;
}

bool take(Arguments& arguments, const std::string& flag, const std::string& value) {
  const std::map<std::string, std::string*> texts = {{"listen", &arguments.options.listen},
                                                     {"cert", &arguments.options.cert_file},
                                                     {"key", &arguments.options.key_file},
                                                     {"ca", &arguments.options.ca_file},
                                                     {"control", &arguments.control}};
  if (const auto text = texts.find(flag); text != texts.end()) {
    *text->second = value;
    return true;
  }
  if (flag == "keep-alive") {
    arguments.options.keep_alive = std::chrono::seconds(std::stoi(value));
    return true;
  }
  return set(arguments.options.behaviour, underscored(flag), value);
}

// Returns nullopt after a message on standard error if a flag is wrong.
std::optional<Arguments> parseArguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const bool flag = words[i].starts_with("--") && i + 1 < words.size();
    if (!flag || !take(arguments, words[i].substr(2), words[i + 1])) {
      std::cerr << words[i] << ": not a flag, or not its value\n" << kUsage;
      return std::nullopt;
    }
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parseArguments({argv + 1, argv + argc});
  if (!arguments) return 2;
  // Before any thread starts, so that all threads inherit the mask and sigwait gets the signal.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  try {
    FakeWhatsapp whatsapp(arguments->options);
    std::optional<Control> control;
    if (!arguments->control.empty()) control.emplace(arguments->control, whatsapp);
    std::cout << "listening port=" << whatsapp.port()
              << " control=" << (control ? control->port() : 0) << std::endl;
    int signal = 0;
    sigwait(&signals, &signal);
  } catch (const Poco::Exception& e) {
    std::cerr << "fake_whatsapp: " << e.displayText() << "\n";
    return 1;
  }
  return 0;
}
