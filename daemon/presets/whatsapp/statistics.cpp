#include "presets/whatsapp/statistics.h"

#include <utility>
#include <vector>

#include "base/metric_text.h"
#include "exposition/families.h"
#include "exposition/family_index.h"
#include "exposition/json.h"
#include "exposition/line.h"
#include "exposition/text_line.h"
#include "presets/whatsapp/sample.h"

namespace postern::presets::whatsapp {

using namespace exposition;  // NOLINT(google-build-using-namespace)

namespace {

namespace ondemand = simdjson::ondemand;

// metrics or stats, app, internal, the node, the family; no documented page is deeper
constexpr std::size_t kMaxDepth = 8;

// An object on the path down. Only its fields show whether it is a family or a level with families,
// and their order is free.
struct Level {
  std::string name;
  JsonPlace place = JsonPlace();  // borrows name, and the place of the level around it
  ondemand::object_iterator at;
  ondemand::object_iterator end;
  bool family = false;  // has a field of a family
  bool nested = false;  // holds objects
  Family found = {};
};

// Levels that group families. Any other level is a node of the cluster.
bool isGroup(std::string_view name) {
  return name == "metrics" || name == "stats" || name == "app" || name == "db" ||
         name == "internal";
}

std::string_view textType(std::string_view type) {
  for (const std::string_view known : {"counter", "gauge", "histogram", "summary"}) {
    if (type == known) return known;
  }
  return "untyped";
}

// Walks down from `metrics` or `stats` without recursion, because a foreign page must not exhaust
// the stack.
class JsonWalker {
 public:
  JsonWalker(Families& page, std::size_t page_bytes)
      : page_(page), index_(page), growth_(page_bytes) {
    levels_.reserve(kMaxDepth);  // so that they do not move
  }

  Result<void> run(std::string_view name, ondemand::object object);

 private:
  Result<void> descend(std::string_view name, ondemand::object object);
  Result<void> readField();
  Result<void> readText(std::string_view key, std::string_view text);
  Result<void> readArray(std::string_view key, ondemand::value& value);
  Result<void> readData(ondemand::array data);
  Result<void> ascend();
  JsonPlace place() const { return levels_.empty() ? JsonPlace() : levels_.back().place; }
  std::string_view node() const;

  Sampler sampler_;
  Families& page_;
  FamilyIndex index_;
  JsonGrowth growth_;
  std::vector<Level> levels_;
};

Result<void> JsonWalker::run(std::string_view name, ondemand::object object) {
  auto done = descend(name, object);
  while (done && !levels_.empty()) {
    Level& level = levels_.back();
    done = level.at != level.end ? readField() : ascend();
  }
  return done;
}

Result<void> JsonWalker::descend(std::string_view name, ondemand::object object) {
  if (levels_.size() == kMaxDepth) return jsonError(place(), "nested too deeply");
  ondemand::object_iterator begin;
  ondemand::object_iterator end;
  auto error = object.begin().get(begin);
  if (!error) error = object.end().get(end);
  if (error) return jsonError(place(), error);
  const auto* const outer = levels_.empty() ? nullptr : &levels_.back();
  auto& level = levels_.emplace_back(Level{.name = std::string(name), .at = begin, .end = end});
  level.place = outer == nullptr ? JsonPlace(level.name) : outer->place.member(level.name);
  return {};
}

// Leaves the iterator on the field if that is a level: ascend() skips it.
Result<void> JsonWalker::readField() {
  Level& level = levels_.back();
  ondemand::field field;
  std::string_view key;
  ondemand::json_type type{};
  auto error = (*level.at).get(field);
  if (!error) error = field.unescaped_key().get(key);
  if (!error) error = field.value().type().get(type);
  if (error) return jsonError(place(), error);
  ondemand::value value = field.value();
  if (type == ondemand::json_type::object) {
    level.nested = true;
    auto object = readObject(value, place());
    return object ? descend(key, *object) : Result<void>(std::move(object).error());
  }
  Result<void> read;
  if (type == ondemand::json_type::array) {
    read = readArray(key, value);
  } else {
    auto text = scalarText(value, place());
    read = text ? readText(key, *text) : Result<void>(std::move(text).error());
  }
  if (read) ++level.at;
  return read;
}

Result<void> JsonWalker::readText(std::string_view key, std::string_view text) {
  Level& level = levels_.back();
  if (key == "type") {
    level.family = true;
    level.found.type = textType(text);
  } else if (key == "help") {
    level.family = true;
    level.found.help = escapeHelp(text);
  }
  return {};
}

// A list is the data of a family, or an empty map.
Result<void> JsonWalker::readArray(std::string_view key, ondemand::value& value) {
  Level& level = levels_.back();
  if (key != "data") {
    auto map = readMap(value, level.place.member(key));
    return map ? Result<void>() : Result<void>(std::move(map).error());
  }
  level.family = true;
  auto array = readList(value, level.place.member(key));
  return array ? readData(*array) : Result<void>(std::move(array).error());
}

Result<void> JsonWalker::readData(ondemand::array data) {
  Level& level = levels_.back();
  const auto list = level.place.member("data");
  std::size_t position = 0;
  for (auto element : data) {
    const auto where = list.element(position++);
    ondemand::value value;
    if (const auto error = element.get(value)) return jsonError(where, error);
    TRY(auto sample, readObject(value, where));
    auto read = sampler_.read(sample, where);
    if (!read) return read;
    TRY(auto lines, sampler_.write(level.name, node(), where, growth_, level.found));
    page_.samples += lines;
  }
  return {};
}

Result<void> JsonWalker::ascend() {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  if (level.family) {
    if (!isPlainMetricName(level.name)) {
      return jsonError(place().member(level.name), "not a metric name");
    }
    if (level.nested) {
      return jsonError(place().member(level.name), "expected type, help and data, found an object");
    }
    Family& family = index_.named(level.name);
    if (family.type.empty()) family.type = std::move(level.found.type);
    if (family.help.empty()) family.help = std::move(level.found.help);
    family.samples += level.found.samples;
  }
  if (!levels_.empty()) ++levels_.back().at;
  return {};
}

// The whole key of the innermost level that is a node, because several hosts may have the same
// container name. The last level is the family.
std::string_view JsonWalker::node() const {
  for (std::size_t i = levels_.size() - 1; i-- > 0;) {
    if (!isGroup(levels_[i].name)) return levels_[i].name;
  }
  return {};
}

// Walks metrics and stats. Skips other members, such as meta.
Result<void> readRoot(ondemand::object root, JsonWalker& walk) {
  bool known = false;
  for (auto field : root) {
    std::string_view key;
    ondemand::value value;
    auto error = field.unescaped_key().get(key);
    if (!error) error = field.value().get(value);
    if (error) return jsonError(JsonPlace(), error);
    if (key != "metrics" && key != "stats") continue;
    known = true;
    TRY(auto object, readMap(value, JsonPlace(key)));
    if (!object) continue;
    auto walked = walk.run(key, *object);
    if (!walked) return walked;
  }
  if (!known) return jsonError(JsonPlace(), "expected metrics or stats, found neither");
  return {};
}

}  // namespace

Result<Families> parseStatistics(std::string_view json) {
  JsonDocument page(json);
  TRY(auto root, page.root());
  Families families;
  JsonWalker walk(families, json.size());
  auto read = readRoot(root, walk);
  if (read) read = page.checkEnd();
  if (!read) return page.located(std::move(read).error());
  if (families.samples == 0) {
    return Error{.fault = Fault::Empty, .what = "the page contains no samples"};
  }
  return families;
}

}  // namespace postern::presets::whatsapp
