#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// The cases of tests/data/exposition/text-cases.jsonl.
namespace postern::exposition {

inline std::string decodeBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int have = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += static_cast<char>(bits >> have & 0xff);
  }
  return bytes;
}

// The page of a case.
inline std::string inputOf(const nlohmann::json& scene) {
  if (scene.contains("input")) return scene.at("input").get<std::string>();
  return decodeBase64(scene.at("input_b64").get<std::string>());
}

}  // namespace postern::exposition
