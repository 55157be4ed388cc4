#include "http/outbox.h"

namespace postern::http {

bool Outbox::put(const Pieces& pieces, Budget& budget, std::size_t most) {
  std::size_t size = 0;
  for (const auto piece : pieces.left()) size += piece.size();
  if (left().size() + size > most || !budget.take(size)) return false;
  budget_ = &budget;
  budget.giveBack(sent_);
  text_.erase(0, sent_);
  sent_ = 0;
  if (text_.empty()) text_.reserve(size);
  for (const auto piece : pieces.left()) text_ += piece;
  return true;
}

Wire::Outcome Outbox::flush(Wire& wire) {
  Pieces pieces{left()};
  const auto outcome = wire.sendSome(pieces);
  sent_ = pieces.empty() ? text_.size() : text_.size() - pieces.left().front().size();
  if (outcome != Wire::Outcome::Blocked) clear();
  return outcome;
}

bool Outbox::send(Wire& wire) {
  const bool sent = wire.send({left()});
  clear();
  return sent;
}

void Outbox::clear() {
  if (budget_ != nullptr) budget_->giveBack(text_.size());
  budget_ = nullptr;
  text_ = {};
  sent_ = 0;
}

}  // namespace postern::http
