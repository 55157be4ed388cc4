#pragma once

#include "config/web_config.h"
#include "config/yaml_reader.h"

// The blocks of the web configuration. Each adds complaints to the value's report.
namespace postern::config {

// Nothing after a complaint, and for a block without any key.
std::optional<TlsServer> readTlsServer(const Value& value, std::vector<std::string>& warnings);

// What is wrong with a bcrypt hash, or an empty text. Quotes no byte of the hash.
std::string bcryptMistake(std::string_view hash);

// A value that is set and not blank: Go treats `key: ""` and `key:` as a missing key.
std::optional<Value> findGiven(Map& map, std::string_view key);

}  // namespace postern::config
