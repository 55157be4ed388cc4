#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/encoding.h"

// The cases of tests/data/exposition/text-cases.jsonl.
namespace postern::exposition {

// The page of a case.
inline std::string inputOf(const nlohmann::json& scene) {
  if (scene.contains("input")) return scene.at("input").get<std::string>();
  return decodeBase64(scene.at("input_b64").get<std::string>()).value();
}

}  // namespace postern::exposition
