#include "fake_whatsapp/control.h"

#include <nlohmann/json.hpp>

#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/URI.h"

namespace postern::testing {
namespace {

using Poco::Net::HTTPResponse;

struct Reply {
  HTTPResponse::HTTPStatus status = HTTPResponse::HTTP_OK;
  std::string body = "{}\n";
};

Reply refused(const std::string& what) {
  return {HTTPResponse::HTTP_BAD_REQUEST, what + "\n"};
}

Reply change(FakeWhatsapp& whatsapp, const Poco::URI::QueryParameters& parameters) {
  Reply reply;
  whatsapp.change([&](Behaviour& behaviour) {
    for (const auto& [key, value] : parameters) {
      if (!set(behaviour, key, value)) reply = refused("no such key or value: " + key);
    }
  });
  return reply;
}

Reply provoke(FakeWhatsapp& whatsapp, const Poco::URI::QueryParameters& parameters) {
  std::string path;
  Provocation provocation;
  for (const auto& [key, value] : parameters) {
    if (key == "path") {
      path = value;
    } else if (!set(provocation, key, value)) {
      return refused("no such key or value: " + key);
    }
  }
  if (path.empty()) return refused("path is missing");
  whatsapp.provoke(path, provocation);
  return {};
}

Reply clear(FakeWhatsapp& whatsapp, const Poco::URI::QueryParameters& parameters) {
  if (parameters.empty()) {
    whatsapp.clear();
  } else {
    whatsapp.clear(parameters.front().second);
  }
  return {};
}

Reply countersReply(const FakeWhatsapp& whatsapp) {
  const Counters counters = whatsapp.counters();
  const nlohmann::json document = {{"logins", counters.logins},
                                   {"good_logins", counters.good_logins},
                                   {"bad_logins", counters.bad_logins},
                                   {"throttled_logins", counters.throttled_logins},
                                   {"logouts", counters.logouts},
                                   {"rejected_requests", counters.rejected_requests},
                                   {"requests", counters.requests},
                                   {"connections", counters.connections},
                                   {"open_connections", counters.open_connections},
                                   {"handshakes", counters.handshakes},
                                   {"resumed_handshakes", counters.resumed_handshakes}};
  return {HTTPResponse::HTTP_OK, document.dump() + "\n"};
}

Reply answer(FakeWhatsapp& whatsapp, const std::string& method, const Poco::URI& uri) {
  const std::string call = method + " " + uri.getPath();
  if (call == "GET /counters") return countersReply(whatsapp);
  if (call == "GET /tokens")
    return {HTTPResponse::HTTP_OK, nlohmann::json(whatsapp.tokens()).dump()};
  if (call == "POST /set") return change(whatsapp, uri.getQueryParameters());
  if (call == "POST /provoke") return provoke(whatsapp, uri.getQueryParameters());
  if (call == "POST /clear") return clear(whatsapp, uri.getQueryParameters());
  if (call == "POST /revoke") {
    whatsapp.revokeTokens();
    return {};
  }
  return {HTTPResponse::HTTP_NOT_FOUND, "no such path\n"};
}

class ControlHandler final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit ControlHandler(FakeWhatsapp& whatsapp) : whatsapp_(whatsapp) {}
  void handleRequest(Poco::Net::HTTPServerRequest& request,
                     Poco::Net::HTTPServerResponse& response) override {
    const Reply reply = answer(whatsapp_, request.getMethod(), Poco::URI(request.getURI()));
    response.setStatusAndReason(reply.status);
    response.setContentType("application/json");
    response.sendBuffer(reply.body.data(), reply.body.size());
  }

 private:
  FakeWhatsapp& whatsapp_;
};

class ControlHandlerFactory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit ControlHandlerFactory(FakeWhatsapp& whatsapp) : whatsapp_(whatsapp) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(
      const Poco::Net::HTTPServerRequest&) override {
    return new ControlHandler(whatsapp_);
  }

 private:
  FakeWhatsapp& whatsapp_;
};

}  // namespace

class Control::Impl {
 public:
  Impl(const std::string& listen, FakeWhatsapp& whatsapp)
      : socket_(Poco::Net::SocketAddress(listen)),
        server_(new ControlHandlerFactory(whatsapp), socket_, new Poco::Net::HTTPServerParams) {
    server_.start();
  }
  ~Impl() { server_.stopAll(true); }

  std::uint16_t port() const { return socket_.address().port(); }

 private:
  Poco::Net::ServerSocket socket_;
  Poco::Net::HTTPServer server_;
};

Control::Control(const std::string& listen, FakeWhatsapp& whatsapp)
    : impl_(std::make_unique<Impl>(listen, whatsapp)) {}

Control::~Control() = default;

std::uint16_t Control::port() const {
  return impl_->port();
}

}  // namespace postern::testing
