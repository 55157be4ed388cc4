#include "http/outbox.h"

namespace postern::http {

bool Outbox::put(const Pieces& pieces) {
  std::size_t size = 0;
  for (const auto piece : pieces.left()) size += piece.size();
  if (!budget_.take(size)) return false;
  text_.reserve(size);
  for (const auto piece : pieces.left()) text_ += piece;
  return true;
}

Wire::Outcome Outbox::flush(Wire& wire) {
  Pieces pieces{std::string_view(text_).substr(sent_)};
  const auto outcome = wire.sendSome(pieces);
  sent_ = pieces.empty() ? text_.size() : text_.size() - pieces.left().front().size();
  if (outcome != Wire::Outcome::Blocked) clear();
  return outcome;
}

void Outbox::clear() {
  budget_.giveBack(text_.size());
  text_ = {};
  sent_ = 0;
}

}  // namespace postern::http
