#pragma once

#include <string>
#include <string_view>

namespace postern::config {

// Translates yaml-cpp's message (yaml-cpp/exceptions.h) about a document that it cannot parse: what
// was found and what was expected. Quotes nothing of the document.
std::string yamlMistake(std::string_view message);

}  // namespace postern::config
