#include "base/result.h"

#include <cstddef>

namespace postern {

std::string Error::problem() const {
  const std::string end = ": " + remedy;
  if (remedy.empty() || !what.ends_with(end)) return what;
  return what.substr(0, what.size() - end.size());
}

Error withRemedy(Fault fault, std::string problem, std::string remedy, Detail detail) {
  Error error{fault, std::move(problem), {}, {}, std::move(remedy), detail};
  error.what.append(": ").append(error.remedy);
  return error;
}

Error withRemedy(Fault fault, std::string sentence) {
  Error error{fault, std::move(sentence)};
  int depth = 0;
  std::size_t found = std::string::npos;
  for (std::size_t i = 0; i + 1 < error.what.size(); ++i) {
    if (error.what[i] == '(') ++depth;
    if (error.what[i] == ')') --depth;
    if (depth == 0 && error.what[i] == ':' && error.what[i + 1] == ' ') found = i;
  }
  if (found != std::string::npos) error.remedy = error.what.substr(found + 2);
  return error;
}

Error withContext(std::string_view place, Error error) {
  error.what = std::string(place) + ": " + error.what;
  return error;
}

}  // namespace postern
