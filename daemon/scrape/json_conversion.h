#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "config/target.h"
#include "exposition/converted_page.h"

namespace postern::scrape {

// A JSON page, converted to Prometheus text, and its health. Each object is for one page, used by
// one thread at a time.
class JsonConversion {
 public:
  // `target` must outlive the object.
  JsonConversion(const config::Target& target, std::size_t page) : target_(target), page_(page) {}

  // The company of the credential.
  void setCompany(std::string company) { company_ = std::move(company); }

  // Errors: those of JsonFormat::convert.
  Result<std::string> toText(const config::JsonFormat& format, std::string_view json);

  std::size_t nanDropped() const { return nan_dropped_; }  // values that were the string "NaN"
  // The health that the service reports; null: the page does not report it.
  const std::shared_ptr<const exposition::Health>& health() const { return health_; }

 private:
  const config::Target& target_;
  const std::size_t page_;
  std::string company_;
  std::size_t nan_dropped_ = 0;
  std::shared_ptr<const exposition::Health> health_;
};

}  // namespace postern::scrape
