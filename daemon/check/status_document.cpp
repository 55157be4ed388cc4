#include "check/status_document.h"

namespace postern::check {

std::optional<StatusDocument> StatusDocument::parse(std::string_view text) {
  auto document = OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded() || !document.is_object()) return std::nullopt;
  return StatusDocument(std::move(document));
}

// Null when absent.
const OrderedJson* StatusDocument::at(const char* place) const {
  const OrderedJson* found = &document_;
  std::string_view rest(place);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(name.size());
    const auto member = found->find(std::string(name));
    if (!found->is_object() || member == found->end()) return nullptr;
    found = &*member;
  }
  return found;
}

std::string StatusDocument::text(const char* place) const {
  const OrderedJson* const found = at(place);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> StatusDocument::number(const char* place) const {
  const OrderedJson* const found = at(place);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

bool StatusDocument::truth(const char* place) const {
  const OrderedJson* const found = at(place);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::vector<StatusDocument> StatusDocument::list(const char* place) const {
  std::vector<StatusDocument> members;
  const OrderedJson* const found = at(place);
  if (found == nullptr || !found->is_array()) return members;
  for (const auto& member : *found) members.emplace_back(member);
  return members;
}

}  // namespace postern::check
