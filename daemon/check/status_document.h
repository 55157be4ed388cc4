#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/report.h"

namespace postern::check {

// A document of /api/v1/status, or a part of it. A member that is missing or has the wrong type
// counts as absent, because anybody may have written the document. Places are JSON pointers to
// members of objects.
class StatusDocument {
 public:
  explicit StatusDocument(OrderedJson document) : document_(std::move(document)) {}
  // Not set when the text is not JSON.
  static std::optional<StatusDocument> parse(std::string_view text);

  std::string text(const char* place) const;                    // empty when absent
  std::optional<std::int64_t> number(const char* place) const;  // only whole numbers
  bool truth(const char* place) const;                          // false when absent
  // Each member of a list.
  std::vector<StatusDocument> list(const char* place) const;
  const OrderedJson& document() const { return document_; }

 private:
  const OrderedJson* at(const char* place) const;

  OrderedJson document_;
};

}  // namespace postern::check
