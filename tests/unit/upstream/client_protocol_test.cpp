#include "unit/upstream/client_fixture.h"

namespace postern::upstream {
namespace {

using ClientProtocolTest = ClientTest;

// The frames that nghttp2 and Go's net/http send to a client that does not begin with HTTP/2's
// preface.
std::string http2Frames() {
  std::string frames;
  for (const std::string_view frame :
       {std::string_view("\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", 15),
        std::string_view("\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", 17)})
    frames += frame;
  return frames;
}

TEST_F(ClientProtocolTest, NamesAServiceThatAnswersInHttp2) {
  const auto names = [&](const std::string& bytes) {
    start([bytes](Peer& peer) {
      peer.readRequest();
      peer.send(bytes);
      peer.readRequest();  // until the client closes
    });
    const auto outcome = send(request());
    expectFault(outcome, Fault::Format, "answers in HTTP/2, expected HTTP/1.1");
    EXPECT_EQ(outcome.response.error().detail, Detail::Http2Only);
    EXPECT_THAT(outcome.response.error().remedy, HasSubstr("HTTP/1.1"));
  };
  names(http2Frames());
  names(http2Frames().substr(0, 15));  // only SETTINGS, without a line end to wait for
  names(http2Frames().substr(15));     // only GOAWAY
  start(onceAndCut("no such protocol\r\n"));
  expectFault(send(request()), Fault::Format, "not HTTP/1.1");
}

TEST_F(ClientProtocolTest, ShowsItsCertificateWhenAskedAfterTheHandshake) {
  const auto client_identity = makeClient(authority);
  tls_config.cert_file = folder.write("tls.crt", client_identity.certificate());
  tls_config.key_file = folder.write("tls.key", client_identity.key());
  options.client_authority = std::make_shared<Identity>(authority);
  options.verify = SSL_VERIFY_NONE;
  bool shown = false;
  start([&](Peer& peer) {
    while (!peer.readRequest().empty()) {
      shown = peer.asksForCertificate();
      peer.send(answer(shown ? "up 1\n" : "up 0\n"));
    }
  });
  expectPage(send(request()), "up 1\n");
  EXPECT_TRUE(shown);
  expectPage(send(request()), "up 1\n");  // again, on the persistent connection
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ClientProtocolTest, SaysThatACertificateIsWantedAfterTheHandshake) {
  options.client_authority = std::make_shared<Identity>(authority);
  options.verify = SSL_VERIFY_NONE;
  start([&](Peer& peer) {
    peer.readRequest();
    if (peer.asksForCertificate()) peer.send(answer("up 1\n"));
  });
  const auto outcome = send(request());
  expectFault(outcome, Fault::Tls, "requires a client certificate");
  EXPECT_EQ(outcome.response.error().detail, Detail::ClientCertificate);
}

}  // namespace
}  // namespace postern::upstream
