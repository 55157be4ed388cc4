#pragma once

#include "config/web_config.h"
#include "config/yaml_reader.h"

// The blocks of the web configuration. Each adds errors to the value's report.
namespace postern::config {

// Nothing after an error, and for a block without any key.
std::optional<TlsServer> readTlsServer(const YamlValue& value, std::vector<std::string>& warnings);

// What is wrong with a bcrypt hash, or an empty text. Quotes no byte of the hash.
std::string bcryptMistake(std::string_view hash);

// A value that is set and not blank: Go treats `key: ""` and `key:` as a missing key.
std::optional<YamlValue> findGiven(YamlMap& map, std::string_view key);

}  // namespace postern::config
