#include "config/selector.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/printable.h"
#include "base/text.h"

namespace postern::config {
namespace {

using enum LabelMatcher::Operator;

bool isNameCharacter(char c, bool first, bool metric) {
  return isLetter(c) || c == '_' || (metric && c == ':') || (!first && isDigit(c));
}

class SelectorReader {
 public:
  explicit SelectorReader(std::string_view text) : rest_(text) {}

  bool read(Selector& selector);
  const std::string& mistake() const { return mistake_; }

 private:
  bool fail(std::string expected);
  void skipBlanks();
  bool take(std::string_view text);
  std::string name(bool metric);
  bool readMatcher(Selector& selector);
  bool readOp(LabelMatcher::Operator& op);
  bool readText(std::string& text);
  bool readEscape(std::string& text);

  std::string_view rest_;
  std::string mistake_;
};

bool SelectorReader::fail(std::string expected) {
  mistake_ = fmt::format("is not a series selector, expected {}, found {}", expected,
                         rest_.empty() ? "its end" : fmt::format("\"{}\"", printable(rest_, 40)));
  return false;
}

void SelectorReader::skipBlanks() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
}

bool SelectorReader::take(std::string_view text) {
  skipBlanks();
  if (!rest_.starts_with(text)) return false;
  rest_.remove_prefix(text.size());
  return true;
}

std::string SelectorReader::name(bool metric) {
  skipBlanks();
  std::size_t size = 0;
  while (size < rest_.size() && isNameCharacter(rest_[size], size == 0, metric)) ++size;
  std::string name(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return name;
}

bool SelectorReader::read(Selector& selector) {
  const std::string metric = name(/*metric=*/true);
  if (!metric.empty()) selector.matchers.push_back({"__name__", Equal, metric});
  if (take("{")) {
    while (!take("}")) {
      if (!readMatcher(selector)) return false;
      if (!take(",") && !rest_.starts_with("}")) return fail(R"("," or "}")");
    }
  } else if (metric.empty()) {
    return fail("a metric name or \"{\"");
  }
  skipBlanks();
  return rest_.empty() || fail("its end");
}

bool SelectorReader::readMatcher(Selector& selector) {
  LabelMatcher& matcher = selector.matchers.emplace_back();
  skipBlanks();
  const bool quoted = rest_.starts_with('"') || rest_.starts_with('\'');
  if (quoted) {
    if (!readText(matcher.name)) return false;
    skipBlanks();
    if (rest_.starts_with(',') || rest_.starts_with('}')) {  // the metric's name in quotes
      matcher = {"__name__", Equal, matcher.name};
      return true;
    }
  } else {
    matcher.name = name(/*metric=*/false);
    if (matcher.name.empty()) return fail("a label name");
  }
  if (!readOp(matcher.op)) return fail("=, !=, =~ or !~");
  skipBlanks();
  if (!readText(matcher.value)) return false;
  if (matcher.op == Equal || matcher.op == NotEqual) return true;
  matcher.value = inRe2(matcher.value);
  mistake_ = regexMistake(matcher.value);
  return mistake_.empty();
}

bool SelectorReader::readOp(LabelMatcher::Operator& op) {
  if (take("=~")) {
    op = Matches;
  } else if (take("!~")) {
    op = NotMatches;
  } else if (take("!=")) {
    op = NotEqual;
  } else if (take("=")) {
    op = Equal;
  } else {
    return false;
  }
  return true;
}

// A string of PromQL: with escapes in quotes, without escapes in backticks.
bool SelectorReader::readText(std::string& text) {
  text.clear();
  if (rest_.empty() || (rest_[0] != '"' && rest_[0] != '\'' && rest_[0] != '`')) {
    return fail("a text in quotes");
  }
  const char quote = rest_[0];
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_[0] != quote) {
    if (rest_[0] == '\\' && quote != '`') {
      if (!readEscape(text)) return false;
      continue;
    }
    text += rest_[0];
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) return fail("a closing quote");
  rest_.remove_prefix(1);
  return true;
}

bool SelectorReader::readEscape(std::string& text) {
  constexpr std::string_view kLetters = "\\\"'nrtabfv";
  constexpr std::string_view kStandFor = "\\\"'\n\r\t\a\b\f\v";
  const char letter = rest_.size() > 1 ? rest_[1] : '\0';
  const auto at = kLetters.find(letter);
  if (letter == '\0' || at == std::string_view::npos) return fail("an escape that PromQL knows");
  text += kStandFor[at];
  rest_.remove_prefix(2);
  return true;
}

bool matchesEmpty(const LabelMatcher& matcher) {
  switch (matcher.op) {
    case Equal: return matcher.value.empty();
    case NotEqual: return !matcher.value.empty();
    case Matches: return RE2::FullMatch("", matcher.value);
    case NotMatches: return !RE2::FullMatch("", matcher.value);
  }
  return false;
}

}  // namespace

std::string inRe2(std::string_view regex) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const std::string_view rest = regex.substr(i);
    const bool named = !in_class && rest.starts_with("(?<") && !rest.starts_with("(?<=") &&
                       !rest.starts_with("(?<!");
    if (rest[0] == '[') in_class = true;
    if (rest[0] == ']') in_class = false;
    if (rest[0] == '\\' && rest.size() > 1) {
      out.append(rest.substr(0, 2));
      ++i;
    } else if (named) {
      out += "(?P<";
      i += 2;
    } else {
      out += rest[0];
    }
  }
  return out;
}

namespace {

// What is wrong with an expression that RE2 rejects, and what was expected.
std::string_view regexWords(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape: return "an unknown escape, expected one of RE2";
    case RE2::ErrorBadCharClass:
      return "an unknown character class, expected one like [a-z] or \\d";
    case RE2::ErrorBadCharRange:
      return "an invalid range or class of characters, expected one like a-z";
    case RE2::ErrorMissingBracket: return "a [ that is not closed, expected ]";
    case RE2::ErrorMissingParen: return "a ( that is not closed, expected )";
    case RE2::ErrorUnexpectedParen: return "a ) that closes nothing, expected \\) or a ( before it";
    case RE2::ErrorTrailingBackslash: return "a backslash at the end, expected \\\\";
    case RE2::ErrorRepeatArgument:
      return "a *, +, ? or {} that repeats nothing, expected a \\ before it";
    case RE2::ErrorRepeatSize:
      return "a number of repetitions that is too large, expected at most 1000 in all";
    case RE2::ErrorRepeatOp: return "two operators of repetition in a row, expected one";
    case RE2::ErrorBadPerlOp:
      return "a (?...) that RE2 does not support, such as (?=...) or (?<!...)";
    case RE2::ErrorBadUTF8: return "bytes that are not UTF-8";
    case RE2::ErrorBadNamedCapture: return "an invalid named group, expected (?P<name>...)";
    case RE2::ErrorPatternTooLarge: return "more than RE2 can compile, expected fewer repetitions";
    case RE2::ErrorInternal:
    case RE2::NoError: break;
  }
  return "something that RE2 does not support";
}

}  // namespace

std::string regexMistake(std::string_view regex) {
  for (std::size_t i = 0; i + 1 < regex.size(); ++i) {
    if (regex[i] != '\\') continue;
    if (regex[++i] == 'C') return "holds \\C, a single byte, which would split characters";
  }
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(re2::StringPiece(regex.data(), regex.size()), options);
  if (compiled.ok()) return "";
  const std::string& at = compiled.error_arg();
  return fmt::format("is not a regular expression of RE2: holds {}{}",
                     regexWords(compiled.error_code()),
                     at.empty() ? "" : fmt::format(", found \"{}\"", printable(at, 100)));
}

std::string readSelector(std::string_view text, Selector& selector) {
  selector.text = text;
  SelectorReader reader(text);
  if (!reader.read(selector)) return reader.mistake();
  const auto& matchers = selector.matchers;
  if (std::all_of(matchers.begin(), matchers.end(), matchesEmpty)) {
    return "matches everything, expected at least one matcher that does not match the empty text";
  }
  return {};
}

}  // namespace postern::config
