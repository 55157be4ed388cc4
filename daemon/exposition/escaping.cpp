#include "exposition/escaping.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "base/metric_text.h"
#include "exposition/text_line.h"

namespace postern::exposition {
namespace {

// One character of UTF-8.
struct Character {
  std::uint32_t code;
  std::size_t length;  // bytes
};

Character firstOf(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length == 1) return {lead, 1};
  std::uint32_t code = lead & (0x7fU >> length);
  std::size_t at = 1;
  for (; at < length && at < text.size(); ++at) {
    code = code << 6U | (static_cast<std::uint8_t>(text[at]) & 0x3fU);
  }
  return {code, at};
}

bool isLegal(char c, bool first, bool colon) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && colon) ||
         (c >= '0' && c <= '9' && !first);
}

void appendEscaped(std::string& out, std::string_view name) {
  for (const char c : name) {
    if (c == '\\' || c == '"' || c == '\n') out += '\\';
    out += c == '\n' ? 'n' : c;
  }
}

void appendReplacement(std::string& out, const Character& character, Escaping escaping) {
  switch (escaping) {
    case Escaping::Dots: out += character.code == '.' ? "_dot_" : "__"; return;
    case Escaping::Values: {
      std::array<char, 8> hex{};
      const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), character.code, 16).ptr;
      out.append("_").append(hex.data(), end).append("_");
      return;
    }
    case Escaping::Underscores:
    case Escaping::AllowUtf8: out += '_'; return;
  }
}

void appendEscaped(std::string& out, std::string_view name, Escaping escaping, bool colon) {
  if (escaping == Escaping::Values && !name.empty()) out += "U__";
  for (std::size_t at = 0; at < name.size();) {
    const Character character = firstOf(name.substr(at));
    if (!isLegal(name[at], at == 0, colon)) {
      appendReplacement(out, character, escaping);
    } else {
      if (name[at] == '_' && escaping != Escaping::Underscores) out += '_';
      out += name[at];
    }
    at += character.length;
  }
}

}  // namespace

void appendMetricName(std::string& out, std::string_view name, Escaping escaping) {
  if (escaping == Escaping::AllowUtf8) return appendEscaped(out, name);
  if (escaping != Escaping::Dots && isPlainMetricName(name)) {
    out += name;
  } else {
    appendEscaped(out, name, escaping, /*colon=*/true);
  }
}

void appendLabelName(std::string& out, std::string_view name, Escaping escaping) {
  if (escaping == Escaping::AllowUtf8) return appendEscaped(out, name);
  if (escaping != Escaping::Dots && isPlainLabelName(name)) {
    out += name;
  } else {
    appendEscaped(out, name, escaping, /*colon=*/false);
  }
}

}  // namespace postern::exposition
