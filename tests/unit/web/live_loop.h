#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "async/loop_thread.h"
#include "async/thread_pool.h"
#include "base/text.h"
#include "http/server.h"
#include "scrape/target.h"
#include "unit/http/client.h"

namespace postern::web {

// A client's response without its framing.
struct Answered {
  // The value of the first header of that name; empty if it is missing.
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : head.headers) {
      if (equalsIgnoringCase(key, name)) return value;
    }
    return "";
  }

  http::ResponseHead head;  // with every header
  std::string body;
  bool whole = true;  // false: a chunked body without its end
};

inline std::string percentEncoded(std::string_view path) {
  std::string text;
  for (const char byte : path) {
    if (byte > ' ' && byte != '%' && byte != '?') {
      text += byte;
    } else {
      std::array<char, 4> encoded{};
      std::snprintf(encoded.data(), encoded.size(), "%%%02X", static_cast<unsigned char>(byte));
      text += encoded.data();
    }
  }
  return text;
}

inline std::string bytesOf(const http::Request& request) {
  std::string bytes = request.method + ' ' + percentEncoded(request.path);
  if (!request.query.empty()) bytes += '?' + request.query;
  bytes += " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) bytes += name + ": " + value + "\r\n";
  return bytes + "\r\n";
}

inline Answered parseAnswer(std::string_view bytes) {
  Answered answered;
  const auto line = [&] {
    const auto end = std::min(bytes.find("\r\n"), bytes.size());
    const auto text = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 2, bytes.size()));
    return std::string(text);
  };
  const auto status = line();
  EXPECT_EQ(status.substr(0, 9), "HTTP/1.1 ");
  if (status.size() < 13) return answered;
  answered.head.status = std::stoi(status.substr(9, 3));
  answered.head.reason = status.substr(13);
  for (auto header = line(); !header.empty(); header = line()) {
    const auto colon = header.find(": ");
    answered.head.headers.emplace_back(header.substr(0, colon), header.substr(colon + 2));
  }
  answered.head.content_type = answered.header("Content-Type");
  if (answered.header("Transfer-Encoding").empty()) {
    answered.body = bytes;
    return answered;
  }
  answered.whole = false;
  while (!bytes.empty() && !answered.whole) {
    const auto size = std::stoul(line(), nullptr, 16);
    answered.body += bytes.substr(0, size);
    bytes.remove_prefix(std::min(size + 2, bytes.size()));
    answered.whole = size == 0;
  }
  return answered;
}

// An event loop on a thread, as in the daemon, for targets and their servers. The objects that it
// made are destroyed before it.
class LiveLoop {
 public:
  // `http` replaces the client for the service; null: a real client.
  std::shared_ptr<scrape::Target> makeTarget(const config::Target& config,
                                             std::unique_ptr<upstream::HttpClient> http = nullptr) {
    auto& loop = thread.loop();
    const scrape::TargetClient::ClientParts parts{resolver, loop, pool};
    auto client = async::makeOnLoop<scrape::TargetClient>(loop, config, "", parts, drawUniform,
                                                          std::move(http));
    return async::makeOnLoop<scrape::Target>(loop, config, std::move(client),
                                             std::make_shared<scrape::Stats>(config.name), loop,
                                             pool, [] { return std::string(); });
  }
  // One request to a server with this handler; returns the whole response.
  Answered ask(http::AsyncHandler handler, const http::Request& request) {
    const http::Service service{std::move(handler)};
    http::Server server({}, thread, pool);
    http::Client client(*server.listen("127.0.0.1:0", service));
    client.send(bytesOf(request));
    return parseAnswer(client.readToEnd());
  }

  const RealClock clock;
  upstream::Resolver resolver;
  async::ThreadPool pool{4};
  async::LoopThread thread{clock};
};

}  // namespace postern::web
