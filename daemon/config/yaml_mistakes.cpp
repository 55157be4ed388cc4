#include "config/yaml_mistakes.h"

#include <yaml-cpp/exceptions.h>

#include <algorithm>
#include <utility>

namespace postern::config {
namespace {

namespace messages = YAML::ErrorMsg;

constexpr std::string_view kKeyExpected =
    "is not YAML: the map ends here, expected the next key, indented as the keys before it, or the "
    "end of the line behind a quote";
constexpr std::string_view kDirective =
    "is not YAML: holds an invalid directive (a line that begins with %), expected none";
constexpr std::string_view kTag =
    "is not YAML: holds an invalid tag (!), expected a value without a tag";
constexpr std::string_view kAnchor =
    "is not YAML: holds an invalid anchor (&) or alias (*), expected the value itself, in quotes "
    "if "
    "it begins with one of these";
constexpr std::string_view kEscape =
    "is not YAML: holds an unknown escape in double quotes, expected one like \\n, \\\" or \\\\, "
    "or "
    "single quotes around the text";
constexpr std::string_view kColon =
    "is not YAML: holds a key or a colon where none can be, expected quotes around a text with \": "
    "\", or another indentation, by spaces";

}  // namespace

std::string yamlMistake(std::string_view message) {
  // The beginnings of the messages.
  static const std::pair<std::string_view, std::string_view> kAll[] = {
      {messages::END_OF_MAP_FLOW,
       R"(is not YAML: a map in braces is not closed, expected "," or "}")"},
      {messages::END_OF_MAP, kKeyExpected},
      {messages::END_OF_SEQ_FLOW,
       R"(is not YAML: a list in brackets is not closed, expected "," or "]")"},
      {messages::END_OF_SEQ,
       "is not YAML: the list ends here, expected the next \"- \", indented as those before it"},
      {messages::EOF_IN_SCALAR, "is not YAML: a quote is not closed, expected its end"},
      {messages::DOC_IN_SCALAR,
       "is not YAML: a line --- or ... is inside quotes, expected the closing quote before it"},
      {messages::CHAR_IN_SCALAR,
       "is not YAML: holds a character that ends the text, expected quotes around it"},
      {messages::TAB_IN_INDENTATION, "is not YAML: is indented by a tab, expected spaces"},
      {messages::FLOW_END, R"(is not YAML: holds a "]" or "}" that closes nothing, expected none)"},
      {messages::BLOCK_ENTRY,
       "is not YAML: holds a \"- \" where no list can begin, expected it on a line of its own"},
      {messages::MAP_KEY, kColon},
      {messages::MAP_VALUE, kColon},
      {messages::UNKNOWN_TOKEN,
       "is not YAML: holds a character that begins no value, such as @, ` or %, expected quotes "
       "around the text"},
      {messages::INVALID_ESCAPE, kEscape},
      {messages::INVALID_HEX, kEscape},
      {messages::INVALID_UNICODE, kEscape},
      {messages::CHAR_IN_BLOCK,
       "is not YAML: holds more text behind | or >, expected it on the next line"},
      {messages::ZERO_INDENT_IN_BLOCK,
       "is not YAML: | or > has the indentation 0, expected 1 to 9 or none"},
      {messages::ALIAS_NOT_FOUND, kAnchor},
      {messages::ANCHOR_NOT_FOUND, kAnchor},
      {messages::CHAR_IN_ALIAS, kAnchor},
      {messages::CHAR_IN_ANCHOR, kAnchor},
      {messages::ALIAS_CONTENT, kAnchor},
      {messages::MULTIPLE_ANCHORS, kAnchor},
      {messages::MULTIPLE_ALIASES, kAnchor},
      {messages::UNKNOWN_ANCHOR, kAnchor},
      {messages::MULTIPLE_TAGS, kTag},
      {messages::CHAR_IN_TAG_HANDLE, kTag},
      {messages::TAG_WITH_NO_SUFFIX, kTag},
      {messages::END_OF_VERBATIM_TAG, kTag},
      {messages::YAML_DIRECTIVE_ARGS, kDirective},
      {messages::YAML_VERSION, kDirective},
      {messages::YAML_MAJOR_VERSION, kDirective},
      {messages::REPEATED_YAML_DIRECTIVE, kDirective},
      {messages::TAG_DIRECTIVE_ARGS, kDirective},
      {messages::REPEATED_TAG_DIRECTIVE, kDirective},
  };
  const auto* const known = std::ranges::find_if(
      kAll, [&](const auto& entry) { return message.starts_with(entry.first); });
  return std::string(
      known == std::end(kAll)
          ? "is not YAML, expected keys, lists and values as daemon/config/README.md shows them"
          : known->second);
}

}  // namespace postern::config
