#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/report.h"

namespace postern::doctor {

// A document of /api/v1/status, or a part of it. Whoever wrote it: what is missing or has another
// type than it should counts as absent. Places are JSON pointers to members of objects.
class Told {
 public:
  explicit Told(Json document) : document_(std::move(document)) {}
  // None when the text is not JSON.
  static std::optional<Told> parse(std::string_view text);

  std::string text(const char* place) const;                    // empty when absent
  std::optional<std::int64_t> number(const char* place) const;  // whole ones alone
  bool truth(const char* place) const;                          // false when absent
  // Each member of a list.
  std::vector<Told> list(const char* place) const;
  const Json& document() const { return document_; }

 private:
  const Json* at(const char* place) const;

  Json document_;
};

}  // namespace postern::doctor
