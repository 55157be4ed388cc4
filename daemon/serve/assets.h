#pragma once

#include <string_view>

// What is served to people, as it stands in the files of this folder; CMake puts it into the
// program.
namespace postern::serve {

extern const std::string_view kStyle;        // style.css
extern const std::string_view kStatusPage;   // status_page.html
extern const std::string_view kSamplesPage;  // samples_page.html
extern const std::string_view kPlainPage;    // plain_page.html

}  // namespace postern::serve
