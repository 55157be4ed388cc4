#include "check/connectivity.h"

#include <gmock/gmock.h>

#include <array>
#include <cstdio>

#include "fakes/tls_server.h"

namespace postern::check {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Identity;
using ::testing::Not;
using testing::Peer;
using testing::TlsServer;

// The connectivity check of a test server, as text for people.
class ConnectivityTest : public ::testing::Test {
 protected:
  void start(TlsServer::Script script) {
    server.emplace(options, std::move(script));
    target.name = "t";
    target.url.host = "127.0.0.1";
    target.url.port = server->port();
    target.tls.ca_file = folder.write("ca.crt", authority.certificate());
  }
  void showCertificate() {
    target.tls.cert_file = folder.write("tls.crt", client.certificate());
    target.tls.key_file = folder.write("tls.key", client.key());
  }
  void answer(const std::string& bytes) {
    start([bytes](Peer& peer) {
      if (!peer.readRequest().empty()) peer.send(bytes);
    });
  }
  std::string checked() {
    const auto material = tls::Material::load(target.tls, std::chrono::system_clock::now());
    if (!material) return material.error().what;
    std::FILE* const out = std::tmpfile();
    Report report(/*json=*/false, out);
    checkConnectivity(target, *material, network, report);
    std::string text(static_cast<std::size_t>(std::ftell(out)), '\0');
    std::rewind(out);
    text.resize(std::fread(text.data(), 1, text.size(), out));
    std::fclose(out);
    return text;
  }

  const Identity authority = testing::makeAuthority();
  const Identity client = testing::makeClient(authority);
  TlsServer::Options options{testing::makeServer(authority, {"127.0.0.1"}), "127.0.0.1", nullptr,
                             TLS1_3_VERSION};
  testing::TemporaryFolder folder;
  Network network;
  config::Target target;
  std::optional<TlsServer> server;
};

constexpr const char* kEmpty = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

TEST_F(ConnectivityTest, CallsNoCertificateGoodThatWasNotShown) {
  options.max_version = TLS1_2_VERSION;
  options.ciphers = "AES128-SHA";
  for (const bool shows : {false, true}) {
    SCOPED_TRACE(shows);
    if (shows) showCertificate();
    answer(kEmpty);
    EXPECT_THAT(checked(),
                AllOf(HasSubstr("failed     tls"),
                      HasSubstr("refused the handshake before it presented a certificate"),
                      HasSubstr("no common cipher"), HasSubstr("not tried  client"),
                      Not(HasSubstr("the service presents"))));
  }
}

TEST_F(ConnectivityTest, KnowsWhetherTheServiceAsksForAClientCertificate) {
  struct Case {
    bool asks;
    bool shows;
    const char* words;
  };
  const Case cases[] = {
      {false, false, "the service asks for no client certificate, and none is configured"},
      {true, false, "does not require one for this request, and none is configured"},
      {false, true, "was not asked for"},
      {true, true, "was accepted"},
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& each : cases) {
      SCOPED_TRACE(each.words);
      options.max_version = version;
      options.client_authority = each.asks ? std::make_shared<Identity>(authority) : nullptr;
      options.verify = SSL_VERIFY_PEER;
      target.tls.cert_file.clear();
      target.tls.key_file.clear();
      if (each.shows) showCertificate();
      answer(kEmpty);
      EXPECT_THAT(checked(), AllOf(HasSubstr("ok         client"), HasSubstr(each.words)));
    }
  }
}

TEST_F(ConnectivityTest, SaysWhoseFaultAMissingClientCertificateIs) {
  options.client_authority = std::make_shared<Identity>(authority);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    options.max_version = version;
    answer(kEmpty);
    EXPECT_THAT(checked(),
                AllOf(HasSubstr("ok         tls"), HasSubstr("the service presents "),
                      HasSubstr("failed     client"), HasSubstr("-> set cert_file and key_file")));
  }
}

TEST_F(ConnectivityTest, NoticesACertificateThatIsAskedForAfterTheHandshake) {
  options.client_authority = std::make_shared<Identity>(authority);
  options.verify = SSL_VERIFY_NONE;
  showCertificate();
  start([](Peer& peer) {
    peer.readRequest();
    if (peer.asksForCertificate()) peer.send(kEmpty);
  });
  EXPECT_THAT(checked(), AllOf(HasSubstr("ok         client"), HasSubstr("was accepted")));
}

TEST_F(ConnectivityTest, KnowsARefusalByTheAnswer) {
  const std::string body = "<center>No required SSL certificate was sent</center>";
  answer("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_THAT(checked(), AllOf(HasSubstr("failed     client"),
                               HasSubstr("the service requires a client certificate"),
                               HasSubstr("-> set cert_file and key_file")));
}

}  // namespace
}  // namespace postern::check
