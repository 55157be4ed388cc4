#pragma once

#include <functional>
#include <utility>

#include "http/responder.h"
#include "http/server.h"
#include "web/web_config_store.h"

namespace postern::web {

// Access control before a handler: asks the web configuration whether a request is allowed, and
// adds the configured headers to every answer. A thread of the pool computes a password that is not
// remembered. Runs on the server's loop.
class AuthFilter {
 public:
  using Question = std::function<bool(const http::Request&)>;

  // `web_config` must outlive the filter, and the filter its requests. `open`: whether a request
  // needs no login.
  AuthFilter(const WebConfigStore& web_config, http::AsyncHandler handler, Question open)
      : web_config_(web_config), handler_(std::move(handler)), open_(std::move(open)) {}

  async::Task<> handle(const http::Request& request, http::Responder& responder) const;

 private:
  const WebConfigStore& web_config_;
  const http::AsyncHandler handler_;
  const Question open_;
};

}  // namespace postern::web
