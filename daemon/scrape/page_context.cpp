#include "scrape/page_context.h"

namespace postern::scrape {

std::optional<exposition::Format> formatOf(const config::Page& page) {
  switch (page.format) {
    case config::Format::Auto: break;
    case config::Format::Text: return exposition::Format::Text;
    case config::Format::OpenMetrics: return exposition::Format::OpenMetrics;
    case config::Format::WhatsappJson: return exposition::Format::WhatsappJson;
    case config::Format::WhatsappHealth: return exposition::Format::WhatsappHealth;
    case config::Format::SpectatorJson: return exposition::Format::SpectatorJson;
  }
  return std::nullopt;
}

bool isJson(const std::optional<exposition::Format>& format) {
  return format && *format != exposition::Format::Text &&
         *format != exposition::Format::OpenMetrics;
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
