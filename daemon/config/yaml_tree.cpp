#include "config/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <istream>
#include <streambuf>
#include <string_view>
#include <utility>

#include "config/yaml_mistakes.h"

namespace postern::config {
namespace {

// A value takes 160 bytes in the tree, and a punctuation mark up to 240 in yaml-cpp, which keeps
// its tokens until it knows whether a whole collection in brackets or braces is a key. 1 MiB of
// JSON has as many marks as a YAML file of some MiB.
constexpr std::size_t kMostValues = 100'000;
constexpr std::size_t kMostMarks = 100'000;

// The text, block by block, until there are too many marks between two events.
class Input final : public std::streambuf {
 public:
  explicit Input(std::string_view text) : rest_(text) {}

  void eventCame() { half_marks_ = 0; }
  bool refused() const { return refused_; }
  std::size_t line() const { return line_; }  // from 1, of what was read so far

 protected:
  int_type underflow() override {
    constexpr std::size_t kBlock = 1024;
    const auto block = rest_.substr(0, kBlock);
    rest_.remove_prefix(block.size());
    for (const char c : block) {
      if (c == '\n') ++line_;
      // Quotes come in pairs.
      if (c == '"' || c == '\'') ++half_marks_;
      if (std::string_view("[]{},:?!&*").find(c) != std::string_view::npos) half_marks_ += 2;
    }
    refused_ = refused_ || half_marks_ > 2 * kMostMarks;
    if (refused_ || block.empty()) return traits_type::eof();
    char* const begin = const_cast<char*>(block.data());  // it is only read
    setg(begin, begin, begin + block.size());
    return traits_type::to_int_type(*begin);
  }

 private:
  std::string_view rest_;
  std::size_t half_marks_ = 0;  // since the last event
  std::size_t line_ = 1;
  bool refused_ = false;
};

struct TooManyValues : YAML::Exception {
  explicit TooManyValues(const YAML::Mark& where) : YAML::Exception(where, "too many values") {}
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(YamlDocument& document, Input& input) : document_(document), input_(input) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) refuse(mark, "a second document begins, expected only one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuseAnchor(mark, anchor);
    add(countNode(mark, YamlNode::Kind::Null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuseAnchor(mark, anchor);
    add(countNode(mark, YamlNode::Kind::Null));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuseAnchor(mark, anchor);
    refuseTag(mark, tag);
    auto node = countNode(mark, YamlNode::Kind::Scalar);
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::List);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::Map);
  }
  void OnMapEnd() override { close(); }

  void refuse(const YAML::Mark& mark, std::string what) {
    const auto node = makeNode(mark, YamlNode::Kind::Null);
    document_.mistakes.push_back({node.line, node.column, std::move(what)});
  }

 private:
  YamlNode countNode(const YAML::Mark& mark, YamlNode::Kind kind) {
    input_.eventCame();
    if (++values_ > kMostValues) throw TooManyValues(mark);
    return makeNode(mark, kind);
  }
  static YamlNode makeNode(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = static_cast<std::size_t>(mark.line) + 1;
    node.column = static_cast<std::size_t>(mark.column) + 1;
    return node;
  }
  void refuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "is an anchor or alias, expected the value itself");
  }
  // yaml-cpp says "!" for a quoted scalar and "?" for whatever else has no tag.
  void refuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "!" && tag != "?")
      refuse(mark, "has a tag, expected a value without");
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    refuseAnchor(mark, anchor);
    refuseTag(mark, tag);
    open_.push_back(countNode(mark, kind));
  }
  void close() {
    auto node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }
  // yaml-cpp places a value that is not there at whatever follows it.
  static void placeAtKey(YamlNode& node, const YamlNode& parent) {
    const bool is_value = parent.kind == YamlNode::Kind::Map && parent.items.size() % 2 == 1;
    if (!is_value || node.kind != YamlNode::Kind::Null) return;
    node.line = parent.items.back().line;
    node.column = parent.items.back().column;
  }
  void add(YamlNode node) {
    if (!open_.empty()) {
      placeAtKey(node, open_.back());
      open_.back().items.push_back(std::move(node));
    } else if (documents_ == 1) {
      document_.root = std::move(node);
    }
  }

  YamlDocument& document_;
  Input& input_;
  std::size_t values_ = 0;
  std::vector<YamlNode> open_;
  int documents_ = 0;
};

// yaml-cpp takes byte 4 for the end of the file, so what follows it would be lost in silence.
std::vector<YamlMistake> controlCharacters(const std::string& text) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' && c != '\t' && c != '\n' && c != '\r') {
      return {{line, column, "holds a control character, expected text in UTF-8"}};
    }
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n' ? 1U : 0U;
  }
  return {};
}

}  // namespace

YamlDocument parseYamlTree(const std::string& text) {
  YamlDocument document;
  if (text.size() > kMostYamlBytes) {
    document.mistakes.push_back({1, 1, "is larger than 1 MiB, expected a smaller file"});
    return document;
  }
  document.mistakes = controlCharacters(text);
  if (!document.mistakes.empty()) return document;
  // yaml-cpp misses an open quote when a line break ends the file.
  const auto end = text.find_last_not_of(" \t\r\n");
  Input input(std::string_view(text).substr(0, end == text.npos ? 0 : end + 1));
  TreeBuilder builder(document, input);
  try {
    std::istream stream(&input);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
  } catch (const YAML::DeepRecursion& e) {
    builder.refuse(e.mark, "nests too deeply, expected no more than a few levels");
  } catch (const TooManyValues& e) {
    builder.refuse(e.mark, "holds more than 100,000 values, expected fewer");
  } catch (const YAML::Exception& e) {
    builder.refuse(e.mark, yamlMistake(e.msg));
  }
  if (input.refused()) {
    document.mistakes = {{input.line(), 1,
                          "holds more than 100,000 punctuation marks in one pair of brackets or "
                          "braces, expected block style for so much"}};
  }
  if (!document.mistakes.empty()) document.root.reset();
  return document;
}

}  // namespace postern::config
