#pragma once

#include <string>
#include <string_view>

namespace postern::config {

// What is wrong with a document that yaml-cpp does not read, by its message
// (yaml-cpp/exceptions.h): what was found and what was expected. Quotes nothing of the document.
std::string yamlMistake(std::string_view message);

}  // namespace postern::config
