#pragma once

#include <cstddef>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace postern::check {

using OrderedJson = nlohmann::ordered_json;

enum class StepState { Ok, Note, Warning, Failed, NotTried };
std::string_view stateName(StepState state);

// One step of the path. `what` and `remedy` are sentences without a full stop and without secrets.
// The report makes words of others in them printable.
struct Step {
  std::string name;  // "file", "tls", "page" ...
  StepState state = StepState::Ok;
  std::string what;
  std::string remedy = {};                      // what to do, for Warning and Failed
  OrderedJson details = OrderedJson::object();  // the same in parts, for machines
};

// Prints each step when it is done: a line for people with the remedy on a second line, or one JSON
// object per line.
class Report {
 public:
  // `out` must outlive the report.
  Report(bool json, std::FILE* out) : json_(json), out_(out) {}

  // The following steps are about this target.
  void beginTarget(const std::string& name);
  // The following steps are about this part of the target; empty: about the target itself.
  void beginPart(const std::string& part) { part_ = part; }
  void add(Step step);
  void add(const std::vector<Step>& steps);
  // Prints the last line.
  void finish();
  bool good() const { return failures_ == 0; }

 private:
  void print(const Step& step);
  void print(const OrderedJson& line);

  const bool json_;
  std::FILE* const out_;
  std::string target_;  // empty: the step is about all targets
  std::string part_;
  std::size_t failures_ = 0;
  std::size_t warnings_ = 0;
};

// Whether no step failed.
bool good(const std::vector<Step>& steps);

}  // namespace postern::check
