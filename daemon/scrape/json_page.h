#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "config/target.h"
#include "exposition/detect.h"
#include "exposition/whatsapp_health.h"

namespace postern::scrape {

// A JSON page, converted to Prometheus text, and its health. Each object is for one page, used by
// one thread at a time.
class JsonPageConverter {
 public:
  // `target` must outlive the object.
  JsonPageConverter(const config::Target& target, std::size_t page)
      : target_(target), page_(page) {}

  // For the label customer_name of WhatsApp's health.
  void setCompany(std::string company) { company_ = std::move(company); }

  // Errors: Format, Empty, Limit, from the format's reader.
  Result<std::string> toText(exposition::Format format, std::string_view json);

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
