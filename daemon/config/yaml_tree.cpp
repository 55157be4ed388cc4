#include "config/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>
#include <utility>

#include "base/printable.h"

namespace postern::config {
namespace {

constexpr std::size_t kLargestFile = 1U << 20;

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlDocument& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) refuse(mark, "a second document begins, expected only one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuseAnchor(mark, anchor);
    add(makeNode(mark, YamlNode::Kind::Null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuseAnchor(mark, anchor);
    add(makeNode(mark, YamlNode::Kind::Null));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuseAnchor(mark, anchor);
    refuseTag(mark, tag);
    auto node = makeNode(mark, YamlNode::Kind::Scalar);
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
    open_.push_back(makeNode(mark, kind));
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
  if (text.size() > kLargestFile) {
    document.mistakes.push_back({1, 1, "is longer than 1MiB, expected a shorter file"});
    return document;
  }
  document.mistakes = controlCharacters(text);
  if (!document.mistakes.empty()) return document;
  TreeBuilder builder(document);
  try {
    // yaml-cpp misses an open quote when a line break ends the file.
    const auto end = text.find_last_not_of(" \t\r\n");
    std::istringstream stream(text.substr(0, end == text.npos ? 0 : end + 1));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
  } catch (const YAML::DeepRecursion& e) {
    builder.refuse(e.mark, "nests too deeply, expected no more than a few levels");
  } catch (const YAML::Exception& e) {
    builder.refuse(e.mark, "is not YAML: " + printable(e.msg));
  }
  if (!document.mistakes.empty()) document.root.reset();
  return document;
}

}  // namespace postern::config
