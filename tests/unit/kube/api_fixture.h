#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "fakes/certificates.h"
#include "fakes/fake_clock.h"
#include "fakes/tls_server.h"
#include "kube/api_answer.h"
#include "kube/api_client.h"

namespace postern::kube {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct Asked {
  std::string method, path, token, accept, content_type, body;
};
struct FakeAnswer {
  int status = 200;
  json body;
};

inline FakeAnswer refuses(int status, const std::string& message) {
  return {status, {{"kind", "Status"}, {"message", message}}};
}

// An API server over HTTPS with the test's answers, and its client.
class ApiTest : public ::testing::Test {
 protected:
  using Answer = std::function<FakeAnswer(const Asked&)>;

  ApiTest()
      : server_({identity, "127.0.0.1", nullptr, TLS1_3_VERSION},
                [this](auto& peer) { serve(peer); }) {
    folder.write("token", "first-token\n");
    config::Url url;
    url.host = "127.0.0.1";
    url.port = server_.port();
    api.emplace(
        ApiAccess{url, folder.path() / "token", folder.write("ca.crt", authority.certificate())},
        clock);
  }

  void answers(Answer with) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(with);
  }
  std::vector<Asked> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  static ApiRequest get(const std::string& path) {
    ApiRequest request;
    request.doing = "reading " + path;
    request.path = path;
    return request;
  }

  const testing::Identity authority = testing::makeAuthority();
  const testing::Identity identity = testing::makeServer(authority, {"127.0.0.1"});
  testing::TemporaryFolder folder;
  testing::FakeClock clock;
  const std::stop_token never;

 private:
  static std::string field(const std::string& request, const std::string& name) {
    const auto at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
  }

  void serve(testing::Peer& peer) {
    for (auto request = peer.readRequest(); !request.empty(); request = peer.readRequest()) {
      const auto space = request.find(' ');
      const auto end = request.find(' ', space + 1);
      const Asked now{
          request.substr(0, space),        request.substr(space + 1, end - space - 1),
          field(request, "Authorization"), field(request, "Accept"),
          field(request, "Content-Type"),  request.substr(request.find("\r\n\r\n") + 4)};
      const std::lock_guard lock(mutex_);
      asked_.push_back(now);
      const FakeAnswer answer = answer_(now);
      const auto body =
          answer.body.is_string() ? answer.body.get<std::string>() : answer.body.dump();
      peer.send("HTTP/1.1 " + std::to_string(answer.status) +
                " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  }

  mutable std::mutex mutex_;
  Answer answer_ = [](const Asked&) { return refuses(500, "no answer was set"); };
  std::vector<Asked> asked_;
  testing::TlsServer server_;  // destroyed before what it uses

 protected:
  std::optional<ApiClient> api;
};

}  // namespace postern::kube
