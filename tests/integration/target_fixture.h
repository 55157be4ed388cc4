#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "async/loop_thread.h"
#include "async/thread_pool.h"
#include "fake_whatsapp/fake_whatsapp.h"
#include "fakes/certificates.h"
#include "fakes/shifted_clock.h"
#include "presets/whatsapp/product.h"
#include "scrape/target.h"

namespace postern::testing {

// A target with the real session, client and TLS, and the fake service in this process. Decisions
// use the real time plus an offset of the test. Change `config` before open().
class TargetTest : public ::testing::Test {
 protected:
  TargetTest()
      : authority(makeAuthority()),
        server(makeServer(authority, {"localhost"})),
        // Long enough for the days by which the fake clock advances.
        client(authority.issue({.common_name = "scraper",
                                .names = {},
                                .use = Use::Client,
                                .ends = std::chrono::hours(24 * 3650)})),
        whatsapp(lookAlike()) {
    mount("Passw0rd-0!");
    config.name = "t";
    config.url = {"localhost", whatsapp.port(), ""};
    config.tls.ca_file = folder.path() / "ca.crt";
    config.tls.cert_file = folder.write("tls.crt", client.certificate());
    config.tls.key_file = folder.write("tls.key", client.key());
    config::FileCredentials files;
    files.username = "admin";
    files.password_file = folder.path() / "password";
    config.credentials = config::Credentials{files, std::nullopt, "Bearer"};
    config::Login login;
    login.url = "/v1/users/login";
    login.basic_auth = true;
    login.token.json = "/users/0/token";
    login.expires = config::AnswerPlace{"/users/0/expires_after", ""};
    config.login = login;
    config.pages = {page("/metrics", presets::whatsapp::kStatisticsFormat)};
  }

  static config::Page page(const std::string& path, config::PageFormat format) {
    config::Page page;
    page.path = path;
    page.format = format;
    return page;
  }
  // The fake service's only page in text format, which is streamed.
  static config::Page textPage() {
    auto text = page("/metrics", config::Format::Text);
    text.params = {{"format", "prometheus"}};
    return text;
  }
  void mount(const std::string& password) { folder.write("password", password + "\n"); }
  void open() {
    stats = std::make_shared<scrape::Stats>("t");
    auto& loop = thread.loop();
    const scrape::TargetClient::ClientParts parts{resolver, loop, pool};
    auto made = async::makeOnLoop<scrape::TargetClient>(loop, config, "", parts, drawUniform);
    target =
        async::makeOnLoop<scrape::Target>(loop, config, std::move(made), stats, loop, pool,
                                          [] { return std::string("# TYPE own gauge\nown 1\n"); });
  }
  void pass(std::chrono::seconds time) {
    for (auto second = std::chrono::seconds(0); second < time; ++second) {
      clock.advance(std::chrono::seconds(1));
      target->client()->pollFiles();
    }
  }
  // Streamed bytes go to `streamed`.
  scrape::Target::ScrapeAnswer scrape(std::chrono::milliseconds time = std::chrono::seconds(10),
                                      std::string* streamed = nullptr) {
    KeptStream stream(streamed);
    return thread.run(scrapeOnLoop(time, stream));
  }

  testing::ShiftedClock clock;
  async::LoopThread thread{clock};
  async::ThreadPool pool{16};
  TemporaryFolder folder;
  Identity authority, server, client;
  FakeWhatsapp whatsapp;
  config::Target config;
  upstream::Resolver resolver;
  std::shared_ptr<scrape::Stats> stats;
  const async::LoopFlush flush{thread};  // of the target, which uses all members above
  std::shared_ptr<scrape::Target> target;

 private:
  // Appends the streamed bytes to the given string.
  class KeptStream final : public scrape::PageStream {
   public:
    explicit KeptStream(std::string* text) : text_(text) {}
    async::Task<bool> write(std::string_view block) override {
      if (text_ != nullptr) *text_ += block;
      co_return true;
    }
    std::chrono::milliseconds waited() const override { return {}; }
    void disconnect() override {}

   private:
    std::string* const text_;
  };

  async::Task<scrape::Target::ScrapeAnswer> scrapeOnLoop(std::chrono::milliseconds time,
                                                         KeptStream& stream) {
    auto& loop = thread.loop();
    async::Scope scope(loop);
    const auto deadline = loop.now() + time;
    const exposition::Output output;
    co_return co_await target->scrape(deadline, output, stream, scope);
  }

  FakeWhatsapp::Options lookAlike() {
    FakeWhatsapp::Options options;
    options.cert_file = folder.write("server.crt", server.certificate());
    options.key_file = folder.write("server.key", server.key());
    options.ca_file = folder.write("ca.crt", authority.certificate());
    options.behaviour.password = "Passw0rd-0!";
    options.now = [this] { return clock.system(); };
    return options;
  }
};

}  // namespace postern::testing
