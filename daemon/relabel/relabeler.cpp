#include "relabel/relabeler.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/metric_text.h"
#include "relabel/compiled_rules.h"
#include "relabel/rule_set.h"

namespace postern::relabel {
namespace {

constexpr std::size_t kMostMemory = 1U << 20;  // bytes of the cache
constexpr std::size_t kMostShapes = 256;       // sets of label names with compiled rules

// The names of a sample's labels, and which of the labels are empty.
struct Shape {
  std::vector<std::string> names;
  std::uint64_t empty = 0;
  bool inserts = false;                   // the only change is `labels` before the others
  std::optional<CompiledRules> compiled;  // not set: rules make names from values
};

std::uint64_t emptyOf(const Series& sample) {
  std::uint64_t empty = 0;
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    if (sample.labels[i].value.empty()) empty |= std::uint64_t{1} << i;
  }
  return empty;
}

bool isOf(const Shape& shape, const Series& sample, std::uint64_t empty) {
  return shape.empty == empty &&
         std::equal(shape.names.begin(), shape.names.end(), sample.labels.begin(),
                    sample.labels.end(),
                    [](const auto& name, const Label& label) { return name == label.name; });
}

// Whether rules can be compiled for such samples.
bool isSimple(const Series& sample) {
  constexpr std::size_t kMostLabels = 64;  // the bits of Shape::empty
  return !sample.quoted && sample.labels.size() <= kMostLabels &&
         (sample.same_labels || std::none_of(sample.labels.begin(), sample.labels.end(),
                                             [](const Label& label) { return label.quoted; }));
}

}  // namespace

struct Relabeler::Impl {
  explicit Impl(std::shared_ptr<const Rules> given);

  // The next sample is not compared with the last one.
  void forgetLast() {
    shape = nullptr;
    scratch.name = nullptr;
  }
  Shape& shapeOf(const Series& sample);
  Effect run(const Shape& of, const Series& sample);
  Effect work(const Series& sample);
  void writeLabels(const Series& sample);
  void makeLabels();

  const std::shared_ptr<const Rules> rules;
  const RuleSet& rule_set;
  MatchCache cache;
  std::unordered_map<std::uint64_t, Shape> shapes;
  Shape* shape = nullptr;  // of the last sample of this page
  std::vector<CompiledRules::Slot> slots;
  CompiledRules::Scratch scratch;

  LabelSet set;  // of a sample without compiled rules
  std::vector<std::string> texts;

  std::string name_text;
  std::string_view name;
  bool quoted = false;
  std::vector<Label> labels;
  std::uint64_t labels_hash = 0;
  bool quoted_labels = false;
  const CompiledRules* used = nullptr;  // the rules that filled `slots`; null: `labels` are used
  std::string buffer;                   // of labels_text
  std::string_view labels_text;
};

Relabeler::Impl::Impl(std::shared_ptr<const Rules> given)
    : rules(std::move(given)),
      rule_set(rules->ruleSet()),
      cache(CompiledRules::outcomesOf(rule_set), kMostMemory) {}

Shape& Relabeler::Impl::shapeOf(const Series& sample) {
  const std::uint64_t empty = emptyOf(sample);
  if (shape != nullptr && sample.same_labels && shape->empty == empty) return *shape;
  std::uint64_t hash = empty;
  for (const Label& label : sample.labels) hash = hashText(label.name, hash);
  const auto found = shapes.find(hash);
  if (found != shapes.end() && isOf(found->second, sample, empty)) return found->second;
  if (shapes.size() >= kMostShapes) shapes.clear();
  Shape& fresh = shapes[hash];
  fresh = {};
  fresh.empty = empty;
  for (const Label& label : sample.labels) fresh.names.emplace_back(label.name);
  const auto clashes = [&](const auto& added) {
    return std::find(fresh.names.begin(), fresh.names.end(), added.first) != fresh.names.end();
  };
  const auto& added = rule_set.config.labels;
  fresh.inserts = rule_set.onlyLabels() && std::none_of(added.begin(), added.end(), clashes);
  if (!fresh.inserts) fresh.compiled = CompiledRules::make(rule_set, sample);
  return fresh;
}

Relabeler::Effect Relabeler::Impl::run(const Shape& of, const Series& sample) {
  const Effect effect = of.compiled->run(sample, cache, slots, scratch);
  if (effect != Effect::Rewritten) return effect;
  name = slots[0].value;
  quoted = name.data() != sample.name.data() && !isPlainMetricName(name);
  if (quoted) {
    name_text = escapeLabelValue(name);
    name = name_text;
  }
  used = &*of.compiled;
  writeLabels(sample);
  return effect;
}

// Copies labels that are adjacent on the page in one piece.
void Relabeler::Impl::writeLabels(const Series& sample) {
  const auto& names = used->names();
  std::size_t room = 2;
  for (std::size_t i = 1; i < slots.size(); ++i) {
    room += names[i].prefix.size() + slots[i].escaped.size();
  }
  if (buffer.size() < room) buffer.resize(room);
  char* at = buffer.data();
  const auto append = [&at](const char* from, std::size_t size) {
    std::memcpy(at, from, size);
    at += size;
  };
  std::uint64_t hash = 0;
  bool quotes = false;
  const char* piece = nullptr;
  const char* piece_end = nullptr;
  for (std::size_t i = 1; i < slots.size(); ++i) {
    const std::string_view& value = slots[i].escaped;
    if (value.empty()) continue;
    const auto& label = names[i];
    hash += hashText(value, label.hash);
    quotes = quotes || label.label.quoted;
    const bool of_page =
        i <= sample.labels.size() && value.data() == sample.labels[i - 1].value.data();
    if (of_page && piece_end != nullptr && value.data() == piece_end + label.prefix.size() &&
        piece_end[1] == ',') {
      piece_end = value.data() + value.size();
      continue;
    }
    if (piece != nullptr) append(piece, static_cast<std::size_t>(piece_end - piece));
    if (piece == nullptr) {
      append("{", 1);
      // Without the end of an earlier label.
      append(label.prefix.data() + 2, label.prefix.size() - 2);
    } else {
      append(label.prefix.data(), label.prefix.size());
    }
    piece = value.data();
    piece_end = piece + value.size();
  }
  if (piece != nullptr) {
    append(piece, static_cast<std::size_t>(piece_end - piece));
    append("\"}", 2);
  }
  labels_hash = hash;
  quoted_labels = quotes;
  labels_text = {buffer.data(), static_cast<std::size_t>(at - buffer.data())};
}

void Relabeler::Impl::makeLabels() {
  labels.clear();
  for (std::size_t i = 1; i < slots.size(); ++i) {
    if (slots[i].value.empty()) continue;
    labels.push_back(used->names()[i].label);
    labels.back().value = slots[i].escaped;
  }
}

// Applies the rules themselves, name by name.
Relabeler::Effect Relabeler::Impl::work(const Series& sample) {
  set.reset(sample);
  const Effect effect = rule_set.apply(set);
  if (effect != Effect::Rewritten) return effect;
  std::size_t same = 0;  // labels at the same place as on the page
  int last = -1;
  texts.clear();
  texts.reserve(2 * set.entries().size());  // views of them stay valid
  used = nullptr;
  labels.clear();
  labels_hash = 0;
  quoted_labels = false;
  labels_text = {};
  for (const auto& entry : set.entries()) {
    if (entry.name == LabelSet::kMetricName) {
      quoted = !isPlainMetricName(entry.value);
      name_text = quoted ? escapeLabelValue(entry.value) : entry.value;
      name = name_text;
      continue;
    }
    const bool plain = isPlainLabelName(entry.name);
    const bool kept = entry.page_label >= 0;
    texts.push_back(plain ? entry.name : escapeLabelValue(entry.name));
    Label& label = labels.emplace_back(Label{texts.back(), {}, !plain});
    quoted_labels = quoted_labels || !plain;
    if (kept) {
      const Label& of_page = sample.labels[static_cast<std::size_t>(entry.page_label)];
      label.value = of_page.value;
      if (entry.page_label > last && of_page.name == label.name) ++same;
      last = entry.page_label;
    } else {
      texts.push_back(escapeLabelValue(entry.value));
      label.value = texts.back();
    }
    labels_hash += hashText(label.value, hashLabelName(label.name));
  }
  const auto with_value = std::count_if(sample.labels.begin(), sample.labels.end(),
                                        [](const Label& label) { return !label.value.empty(); });
  const bool unchanged =
      name == sample.name && same == labels.size() && same == static_cast<std::size_t>(with_value);
  return unchanged ? Effect::Unchanged : Effect::Rewritten;
}

Relabeler::Relabeler(std::shared_ptr<const Rules> rules)
    : state_(std::make_unique<Impl>(std::move(rules))) {}

Relabeler::~Relabeler() = default;

bool Relabeler::touchesFamilies() const {
  return state_->rules->touchFamilies();
}

void Relabeler::startPage() {
  state_->forgetLast();
}

Relabeler::Effect Relabeler::apply(const Series& sample) {
  Impl& state = *state_;
  if (state.shape != nullptr && state.shape->inserts && sample.same_labels) {
    return Effect::Inserted;
  }
  if (!isSimple(sample)) {
    state.forgetLast();
    return state.work(sample);
  }
  Shape& shape = state.shapeOf(sample);
  state.shape = &shape;
  if (shape.inserts) return Effect::Inserted;
  if (shape.compiled && !sample.escapes) return state.run(shape, sample);
  state.scratch.name = nullptr;
  return state.work(sample);
}

std::string_view Relabeler::inserted() const {
  return state_->rule_set.inserted;
}

std::size_t Relabeler::insertedLabels() const {
  return state_->rule_set.config.labels.size();
}

std::uint64_t Relabeler::insertedHash() const {
  return state_->rule_set.onlyLabels() ? state_->rule_set.inserted_hash : 0;
}

std::string_view Relabeler::name() const {
  return state_->name;
}

bool Relabeler::quoted() const {
  return state_->quoted;
}

std::span<const Label> Relabeler::labels() const {
  if (state_->used != nullptr) state_->makeLabels();
  return state_->labels;
}

std::uint64_t Relabeler::labelsHash() const {
  return state_->labels_hash;
}

bool Relabeler::quotedLabels() const {
  return state_->quoted_labels;
}

std::string_view Relabeler::labelsText() const {
  return state_->labels_text;
}

std::string_view Relabeler::expected() const {
  return "a sample that has a metric name after metric_relabel_configs";
}

}  // namespace postern::relabel
