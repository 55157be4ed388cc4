#include "web/json.h"

#include <nlohmann/json.hpp>

namespace postern::web {

std::string write(const OrderedJson& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace postern::web
