#pragma once

#include <cstddef>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace postern::doctor {

using Json = nlohmann::ordered_json;

enum class State { Ok, Note, Warning, Failed, NotTried };
std::string_view stateName(State state);

// One step of the path. `what` and `cure` are sentences without a full stop and without secrets;
// whatever others wrote in them is made printable by the report.
struct Step {
  std::string name;  // "file", "tls", "page" ...
  State state = State::Ok;
  std::string what;
  std::string cure = {};          // of Warning and Failed: what to do about it
  Json details = Json::object();  // the same in parts, for machines
};

// Prints each step as it is done: a line for people, with the cure on a second one, or an object of
// JSON a line.
class Report {
 public:
  // `out` must outlive it.
  Report(bool json, std::FILE* out) : json_(json), out_(out) {}

  // The steps that follow are of this target.
  void beginTarget(const std::string& name);
  // What the steps that follow say is of this part of the target; empty: of the target itself.
  void beginPart(const std::string& part) { part_ = part; }
  void add(Step step);
  void add(const std::vector<Step>& steps);
  // The last line.
  void finish();
  bool good() const { return failures_ == 0; }

 private:
  void print(const Step& step);
  void print(const Json& line);

  const bool json_;
  std::FILE* const out_;
  std::string target_;  // empty: the step is of all
  std::string part_;
  std::size_t failures_ = 0;
  std::size_t warnings_ = 0;
};

// Whether none of them failed.
bool good(const std::vector<Step>& steps);

}  // namespace postern::doctor
