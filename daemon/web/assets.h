#pragma once

#include <string_view>

// The files of this folder that browsers get. CMake embeds them into the program.
namespace postern::web {

extern const std::string_view kStyle;        // style.css
extern const std::string_view kStatusPage;   // status_page.html
extern const std::string_view kSamplesPage;  // samples_page.html
extern const std::string_view kPlainPage;    // plain_page.html

}  // namespace postern::web
