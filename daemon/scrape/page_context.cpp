#include "scrape/page_context.h"

namespace postern::scrape {

std::optional<config::PageFormat> formatOf(const config::Page& page) {
  if (page.format == config::Format::Auto) return std::nullopt;
  return page.format;
}

bool isJson(const std::optional<config::PageFormat>& format) {
  return format && format->isJson();
}

double secondsSince(const async::Loop& loop, SteadyTime began) {
  return std::chrono::duration<double>(loop.now() - began).count();
}

bool longTurn(const async::Loop& loop, SteadyTime since) {
  return loop.now() - since >= std::chrono::milliseconds(1);
}

// A final 401 is a rejected login if no page ever accepted the authorization.
void classifyRefusal(TargetClient& client, std::uint64_t refused, Error& error) {
  if (refused != 0 && client.session.countRefusal(refused)) error.fault = Fault::LoginRejected;
}

}  // namespace postern::scrape
