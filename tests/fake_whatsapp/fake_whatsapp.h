#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fake_whatsapp/behaviour.h"

namespace postern::testing {

using TimeSource = std::function<std::chrono::system_clock::time_point()>;

// A fake of the WhatsApp Business client's web container: HTTPS with a client certificate, a login
// that issues tokens, and the pages that require a token.
//
// It serves from construction to destruction, on up to 128 connections at once. Its behavior can
// change while it runs. Thread-safe.
class FakeWhatsapp {
 public:
  struct Options {
    std::string listen = "127.0.0.1:0";  // host:port, [v6]:port; port 0: a free one
    std::string cert_file;               // PEM, the server's chain
    std::string key_file;
    std::string ca_file;  // the CA of client certificates; also the one to download
    Behaviour behaviour;
    std::chrono::milliseconds keep_alive{60'000};  // an idle connection is closed after this time
    TimeSource now = std::chrono::system_clock::now;  // for tokens, the rate limiter and Date
  };

  // Throws Poco::Exception if it cannot listen or a file is invalid.
  explicit FakeWhatsapp(const Options& options);
  ~FakeWhatsapp();  // aborts answers in progress, including stalled ones
  FakeWhatsapp(const FakeWhatsapp&) = delete;
  FakeWhatsapp& operator=(const FakeWhatsapp&) = delete;

  std::uint16_t port() const;

  // `alter` runs under the lock, between two requests.
  void change(const std::function<void(Behaviour&)>& alter);
  // Replaces the previous provocation of that path ("/metrics"; without a query).
  void provoke(const std::string& path, const Provocation& provocation);
  void clear(const std::string& path);
  void clear();
  void revokeTokens();

  Counters counters() const;
  // Every token ever issued, for tests that search for leaks.
  std::vector<std::string> tokens() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::testing
