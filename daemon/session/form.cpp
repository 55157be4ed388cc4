#include "session/form.h"

#include "base/encoding.h"

namespace postern::session {

void appendFormEscaped(std::string_view text, Secret& out) {
  for (auto space = text.find(' '); space != text.npos; space = text.find(' ')) {
    appendPercentEncoded(text.substr(0, space), out);
    out.append("+");
    text.remove_prefix(space + 1);
  }
  appendPercentEncoded(text, out);
}

void appendField(std::string_view name, std::string_view value, Secret& form) {
  if (!form.empty()) form.append("&");
  appendFormEscaped(name, form);
  form.append("=");
  appendFormEscaped(value, form);
}

}  // namespace postern::session
