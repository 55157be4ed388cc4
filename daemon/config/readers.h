#pragma once

#include "config/presets.h"
#include "config/yaml_reader.h"

// One function per block of a target. Each starts from the field's current value (a default or the
// preset's) and adds errors to the value's report.
namespace postern::config {

// Reads a file of at most 1 MiB. On failure returns nothing and sets `wrong`.
std::optional<std::string> readYamlText(const Path& path, std::string& wrong);

std::vector<Target> readTargets(const YamlValue& value, Products products);

void readTls(const YamlValue& value, Tls& tls);
// Only the three PEM files and the key's password: the database client supports no other keys.
void readDatabaseTls(const YamlValue& value, Tls& tls);

void readBasicAuth(const YamlValue& value, Credentials& credentials);
void readAuthorization(const YamlValue& value, Credentials& credentials);
void readCredentials(const YamlValue& value, Credentials& credentials);

void readLogin(const YamlValue& value, Login& login);
// Sets oauth2, and derives login and credentials from it.
void readOauth2(const YamlValue& value, Target& target);
// The JSON text of a map whose strings may contain {{username}} and {{password}}.
void readJsonBody(const YamlValue& value, std::string& json);

void readPages(const YamlValue& value, Products products, std::vector<Page>& pages);
// Prometheus' form: name: [value, ...].
void readParams(const YamlValue& value, Pairs& params);
// Prometheus' form: name: { values: [value, ...], secrets: [value, ...], files: [file, ...] }.
// `mistake` checks a name.
void readHeaders(const YamlValue& value, std::string (*mistake)(std::string_view),
                 HttpHeaders& headers);

// The keys of a target that filter and relabel its samples.
void readReshape(YamlMap& map, Reshape& reshape);
// What is wrong with a rule, in Prometheus' wording, or an empty text.
std::string relabelMistake(const Relabel& rule);

}  // namespace postern::config
