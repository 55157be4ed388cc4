#include "config/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <istream>
#include <map>
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

// Supplies the text block by block. Stops after too many marks between two events.
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

// What a file may contain in addition to values.
struct Dialect {
  bool references;  // anchors and aliases, the tags of YAML's own types, several documents
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Dialect dialect, Input& input) : dialect_(dialect), input_(input) {}

  std::vector<YamlNode> takeRoots() { return std::move(roots_); }
  std::vector<YamlMistake> takeMistakes() { return std::move(mistakes_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    anchored_.clear();
    if (++documents_ == 2 && !dialect_.references) {
      refuse(mark, "a second document begins, expected only one");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuseAnchor(mark, anchor);
    add(countNode(mark, YamlNode::NodeKind::Null), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuseAnchor(mark, anchor);
    if (!dialect_.references) return add(countNode(mark, YamlNode::NodeKind::Null), 0);
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      refuse(mark, "is an alias inside its own anchor, expected one of an earlier value");
      return add(countNode(mark, YamlNode::NodeKind::Null), 0);
    }
    countCopies(mark, found->second);
    add(found->second, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuseAnchor(mark, anchor);
    refuseTag(mark, tag);
    auto node = countNode(mark, YamlNode::NodeKind::Scalar);
    node.text = value;
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::NodeKind::List);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::NodeKind::Map);
  }
  void OnMapEnd() override { close(); }

  void refuse(const YAML::Mark& mark, std::string what) {
    const auto node = makeNode(mark, YamlNode::NodeKind::Null);
    mistakes_.push_back({node.line, node.column, std::move(what)});
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;  // 0: none
  };

  YamlNode countNode(const YAML::Mark& mark, YamlNode::NodeKind kind) {
    input_.eventCame();
    if (++values_ > kMostValues) throw TooManyValues(mark);
    return makeNode(mark, kind);
  }
  // An alias counts as the values that it copies.
  void countCopies(const YAML::Mark& mark, const YamlNode& node) {
    countNode(mark, node.kind);
    for (const auto& item : node.items) countCopies(mark, item);
  }
  static YamlNode makeNode(const YAML::Mark& mark, YamlNode::NodeKind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = static_cast<std::size_t>(mark.line) + 1;
    node.column = static_cast<std::size_t>(mark.column) + 1;
    return node;
  }
  void refuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == 0 || dialect_.references) return;
    refuse(mark, "is an anchor or alias, expected the value itself");
  }
  // yaml-cpp reports "!" for a quoted scalar and "?" for any other value without a tag.
  void refuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "!" || tag == "?") return;
    constexpr std::string_view kOwn = "tag:yaml.org,2002:";
    constexpr std::array<std::string_view, 7> kTypes = {"str",  "int", "float", "bool",
                                                        "null", "seq", "map"};
    const bool own =
        tag.starts_with(kOwn) && std::ranges::find(kTypes, tag.substr(kOwn.size())) != kTypes.end();
    if (!dialect_.references || !own) refuse(mark, "has a tag, expected a value without a tag");
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::NodeKind kind) {
    refuseAnchor(mark, anchor);
    refuseTag(mark, tag);
    open_.push_back({countNode(mark, kind), anchor});
  }
  void close() {
    auto closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.node), closed.anchor);
  }
  // yaml-cpp gives a missing value the position of the token after it.
  static void placeAtKey(YamlNode& node, const YamlNode& parent) {
    const bool is_value = parent.kind == YamlNode::NodeKind::Map && parent.items.size() % 2 == 1;
    if (!is_value || node.kind != YamlNode::NodeKind::Null) return;
    node.line = parent.items.back().line;
    node.column = parent.items.back().column;
  }
  void add(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0 && dialect_.references) anchored_.insert_or_assign(anchor, node);
    if (!open_.empty()) {
      placeAtKey(node, open_.back().node);
      open_.back().node.items.push_back(std::move(node));
    } else if (dialect_.references || documents_ == 1) {
      roots_.push_back(std::move(node));
    }
  }

  const Dialect dialect_;
  Input& input_;
  std::size_t values_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchored_;  // of this document, by their anchors
  int documents_ = 0;
  std::vector<YamlNode> roots_;
  std::vector<YamlMistake> mistakes_;
};

// yaml-cpp takes byte 4 as the end of the file, and would silently drop the rest.
std::vector<YamlMistake> controlCharacters(std::string_view text) {
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

// Without trailing white space: yaml-cpp misses an open quote if a line break ends the file.
std::string_view trimmedAtEnd(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

YamlDocuments parseDocuments(std::string_view text, Dialect dialect) {
  if (text.size() > kMostYamlBytes) {
    return {{}, {{1, 1, "is larger than 1 MiB, expected a smaller file"}}};
  }
  if (auto found = controlCharacters(text); !found.empty()) return {{}, std::move(found)};
  Input input(text);
  TreeBuilder builder(dialect, input);
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
  YamlDocuments documents{builder.takeRoots(), builder.takeMistakes()};
  if (input.refused()) {
    documents.mistakes = {{input.line(), 1,
                           "holds more than 100,000 punctuation marks in one pair of brackets or "
                           "braces, expected block style for so much"}};
  }
  if (!documents.mistakes.empty()) documents.roots.clear();
  return documents;
}

}  // namespace

YamlDocument parseYamlTree(const std::string& text) {
  auto documents = parseDocuments(trimmedAtEnd(text), {.references = false});
  YamlDocument document;
  if (!documents.roots.empty()) document.root = std::move(documents.roots.front());
  document.mistakes = std::move(documents.mistakes);
  return document;
}

YamlDocuments parseYamlDocuments(const std::string& text) {
  auto documents = parseDocuments(trimmedAtEnd(text), {.references = true});
  // A block scalar at the end keeps its line breaks. An open quote was found before.
  if (documents.mistakes.empty()) documents = parseDocuments(text, {.references = true});
  std::erase_if(documents.roots,
                [](const YamlNode& root) { return root.kind == YamlNode::NodeKind::Null; });
  return documents;
}

}  // namespace postern::config
