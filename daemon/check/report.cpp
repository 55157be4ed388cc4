#include "check/report.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/printable.h"

namespace postern::check {
namespace {

constexpr std::size_t kLongest = 600;  // bytes of a text that contains words of others
constexpr std::string_view kIndent = "                           ";

std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string padded(std::string_view text, std::size_t width) {
  std::string wide(text);
  wide.resize(std::max(width, wide.size()), ' ');
  return wide;
}

}  // namespace

std::string_view stateName(StepState state) {
  switch (state) {
    case StepState::Ok: break;
    case StepState::Note: return "note";
    case StepState::Warning: return "warning";
    case StepState::Failed: return "failed";
    case StepState::NotTried: return "not tried";
  }
  return "ok";
}

bool good(const std::vector<Step>& steps) {
  return std::ranges::none_of(steps,
                              [](const Step& step) { return step.state == StepState::Failed; });
}

void Report::beginTarget(const std::string& name) {
  target_ = name;
  if (!json_) std::fprintf(out_, "\ntarget %s\n", name.c_str());
}

void Report::add(const std::vector<Step>& steps) {
  for (const auto& step : steps) add(step);
}

void Report::add(Step step) {
  if (!part_.empty()) step.what.insert(0, part_ + ": ");
  if (step.state == StepState::Failed) ++failures_;
  if (step.state == StepState::Warning) ++warnings_;
  if (!json_) return print(step);
  OrderedJson line;
  line["target"] = target_.empty() ? OrderedJson(nullptr) : OrderedJson(target_);
  line["step"] = step.name;
  line["state"] = stateName(step.state);
  line["what"] = printable(step.what, kLongest);
  line["cure"] =
      step.remedy.empty() ? OrderedJson(nullptr) : OrderedJson(printable(step.remedy, kLongest));
  line["details"] = step.details;
  print(line);
}

void Report::print(const Step& step) {
  const auto state = padded(stateName(step.state), 11);
  const auto name = padded(step.name, 14);
  std::fprintf(out_, "  %s%s%s\n", state.c_str(), name.c_str(),
               printable(step.what, kLongest).c_str());
  if (!step.remedy.empty()) {
    std::fprintf(out_, "%s-> %s\n", std::string(kIndent).c_str(),
                 printable(step.remedy, kLongest).c_str());
  }
  std::fflush(out_);
}

void Report::print(const OrderedJson& line) {
  const auto text =
      line.dump(-1, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace);
  std::fprintf(out_, "%s\n", text.c_str());
  std::fflush(out_);
}

void Report::finish() {
  if (json_) {
    print(OrderedJson{{"target", nullptr},
                      {"step", "verdict"},
                      {"state", stateName(good() ? StepState::Ok : StepState::Failed)},
                      {"failures", failures_},
                      {"warnings", warnings_}});
    return;
  }
  const auto failures = good() ? "nothing failed" : counted(failures_, "step") + " failed";
  std::fprintf(out_, "\n%s, %s\n", failures.c_str(), counted(warnings_, "warning").c_str());
}

}  // namespace postern::check
