#pragma once

#include "config/web_config.h"
#include "config/yaml_cursor.h"

// The blocks of the web configuration. Each complains into the value's report.
namespace postern::config {

// None after a complaint, and for a block in which nothing stands.
std::optional<TlsServer> readTlsServer(const Value& value, std::vector<std::string>& warnings);

// What is wrong with a bcrypt hash, or an empty text; no byte of the hash.
std::string bcryptMistake(std::string_view hash);

// A value that is there and not blank: Go takes `key: ""` and `key:` for a key that is not there.
std::optional<Value> findGiven(Map& map, std::string_view key);

}  // namespace postern::config
