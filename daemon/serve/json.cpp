#include "serve/json.h"

#include <nlohmann/json.hpp>

namespace postern::serve {

std::string write(const Json& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace postern::serve
