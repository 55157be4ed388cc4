#pragma once

#include "config/presets.h"
#include "config/yaml_reader.h"

// One function per block of a target. Each starts from the field's current value (a default or the
// preset's) and adds complaints to the value's report.
namespace postern::config {

// Reads a file of at most 1 MiB. On failure returns nothing and sets `wrong`.
std::optional<std::string> readYamlText(const Path& path, std::string& wrong);

std::vector<Target> readTargets(const Value& value, Products products);

void readTls(const Value& value, Tls& tls);
// Only the three PEM files and the key's password: the database client supports no other keys.
void readDatabaseTls(const Value& value, Tls& tls);

void readBasicAuth(const Value& value, Credentials& credentials);
void readAuthorization(const Value& value, Credentials& credentials);
void readCredentials(const Value& value, Credentials& credentials);

void readLogin(const Value& value, Login& login);
// Sets oauth2, and derives login and credentials from it.
void readOauth2(const Value& value, Target& target);
// The JSON text of a map whose strings may contain {{username}} and {{password}}.
void readJsonBody(const Value& value, std::string& json);

void readPages(const Value& value, Products products, std::vector<Page>& pages);
// Prometheus' form: name: [value, ...].
void readParams(const Value& value, Pairs& params);
// Prometheus' form: name: { values: [value, ...], secrets: [value, ...], files: [file, ...] }.
// `mistake` checks a name.
void readHeaders(const Value& value, std::string (*mistake)(std::string_view),
                 HttpHeaders& headers);

// The keys of a target that filter and relabel its samples.
void readReshape(Map& map, Reshape& reshape);
// What is wrong with a rule, in Prometheus' wording, or an empty text.
std::string relabelMistake(const Relabel& rule);

}  // namespace postern::config
