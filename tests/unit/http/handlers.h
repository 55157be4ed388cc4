#pragma once

#include <string>
#include <utility>
#include <vector>

#include "http/blocking_handler.h"
#include "http/responder.h"
#include "http/server.h"

// Handlers for tests of servers.
namespace postern::http {

inline Reply replyWith(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

// Answers on the loop.
inline AsyncHandler always(const Reply& reply) {
  return [reply](const Request&, Responder& responder) { return responder.send(reply); };
}
inline AsyncHandler always(std::string body) {
  return always(replyWith(std::move(body)));
}

inline async::Task<> answerWithPath(const Request& request, Responder& responder) {
  return responder.send(replyWith(request.method + ' ' + request.path + '\n'));
}

// Answers on a thread.
inline AsyncHandler blocking(BlockingHandler handler) {
  return [handler = std::move(handler)](const Request& request, Responder& responder) {
    return answerBlocking(handler, request, responder);
  };
}

// Writes the blocks until the client stops reading, and finishes.
inline async::Task<> stream(const std::vector<std::string>& blocks, Responder& responder) {
  responder.begin({});
  for (const auto& block : blocks) {
    const bool taken = co_await responder.write(block);
    if (!taken) co_return;
  }
  co_await responder.finish();
}

}  // namespace postern::http
