#pragma once

#include <functional>

#include "http/message.h"
#include "serve/web_lock.h"

namespace postern::serve {

// Stands before a handler: asks the lock whether a request may pass, and gives every answer the
// headers that the lock's file wants. Thread-safe.
class Guard {
 public:
  using Question = std::function<bool(const http::Request&)>;

  // `lock` must outlive the guard. `quick`: whether the handler waits for nothing. `open`: whether
  // a request needs no login.
  Guard(const WebLock& lock, http::Handler handler, Question quick, Question open)
      : lock_(lock),
        handler_(std::move(handler)),
        quick_(std::move(quick)),
        open_(std::move(open)) {}

  void handle(const http::Request& request, http::ResponseSink& sink) const;
  // Whether handle() waits for nothing: neither the handler nor the password's computation.
  bool quick(const http::Request& request) const;

 private:
  const WebLock& lock_;
  const http::Handler handler_;
  const Question quick_;
  const Question open_;
};

}  // namespace postern::serve
