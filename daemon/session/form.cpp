#include "session/form.h"

#include <cctype>

namespace postern::session {

void appendFormEscaped(std::string_view text, Secret& out) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.append({&c, 1});
    } else if (c == ' ') {
      out.append("+");
    } else {
      const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};
      out.append({escaped, 3});
    }
  }
}

void appendField(std::string_view name, std::string_view value, Secret& form) {
  if (!form.empty()) form.append("&");
  appendFormEscaped(name, form);
  form.append("=");
  appendFormEscaped(value, form);
}

}  // namespace postern::session
