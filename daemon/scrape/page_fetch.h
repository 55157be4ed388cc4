#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "exposition/output.h"
#include "scrape/door.h"

namespace postern::scrape {

// One page of a target, fetched with whatever proves who we are.
struct PageFetch {
  Door& door;
  const config::Target& target;
  std::size_t page;  // index into target.pages
  Deadline deadline;
  Deadline login_deadline;
  exposition::Output output;  // what the page will be, so that it is asked for like that

  // The body of a 200 goes to `on_body`; a page that was refused is replayed once before a byte of
  // it. Errors: those of Session::authorize and Exchange; Forbidden (403), Status (anything but
  // 200), Format (a page in a format that we do not read), and what on_body returns. With `refused`
  // set the error is a 401 that stands: whether it is LoginRejected or Status the whole scrape
  // decides.
  Result<void> run(const upstream::OnBody& on_body);

  // Called with the Content-Type of a 200 before its body; may be empty.
  std::function<void(std::string_view)> on_content_type = {};
  std::uint64_t refused = 0;  // the generation of the authorization that was refused, 0 = none
  int status = 0;             // of the last answer, 0 = none
  std::optional<upstream::Way> way = {};  // of the last request, none: nothing was sent

  struct Order {
    session::Authorization authorization;
    upstream::Request request;
  };
  Result<Order> prepare();
};

// The error with the page that it is about in front.
Error inPage(const config::Page& page, Error error);

// The limit that the page's format has.
std::size_t bodyLimit(const config::Target& target, const config::Page& page);

}  // namespace postern::scrape
