#include "exposition/reshaper.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exposition/families.h"
#include "exposition/hash.h"
#include "exposition/rules.h"
#include "exposition/sample_text.h"
#include "exposition/text_line.h"

namespace postern::exposition {
namespace {

constexpr std::size_t kMostMemory = 1U << 20;  // bytes that are remembered, about
constexpr std::size_t kMostShapes = 1024;

// A label of what the rules left: the value of one of the page's labels, or a text of its own.
struct Piece {
  std::string name;  // escaped where it is quoted
  bool quoted = false;
  int page_label = -1;
  std::string value;  // escaped; of a piece without a label of the page
};

// What the rules made of a sample, to be made again of others like it.
struct Made {
  Reshaper::Verdict verdict = Reshaper::Verdict::Unchanged;
  std::string name;  // escaped where it is quoted; empty: the sample's own
  bool quoted = false;
  std::vector<Piece> pieces;
  // What it depends on besides the shape: the metric's name, and the values looked at, as they
  // stand on the page.
  std::string metric;
  std::vector<std::string> values;

  std::size_t bytes() const;
};

std::size_t Made::bytes() const {
  constexpr std::size_t kOverhead = 64;  // of the map
  std::size_t sum = sizeof(*this) + kOverhead + name.size() + metric.size();
  for (const Piece& piece : pieces) sum += sizeof(piece) + piece.name.size() + piece.value.size();
  for (const std::string& value : values) sum += sizeof(value) + value.size();
  return sum;
}

// The labels' names of a sample, and which of the labels are empty.
struct Shape {
  std::vector<std::pair<std::string, bool>> names;  // and whether in quotes
  std::uint64_t empty = 0;
  std::uint64_t looked_at = 0;  // labels whose value some outcome depends on, bit by bit
  bool clashes = false;         // with one of `labels`
  std::unordered_map<std::uint64_t, Made> made;
};

std::uint64_t emptyOf(const Line& sample) {
  std::uint64_t empty = 0;
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    if (sample.labels[i].value.empty()) empty |= std::uint64_t{1} << i;
  }
  return empty;
}

bool hasNames(const Shape& shape, const Line& sample, std::uint64_t empty) {
  return shape.empty == empty &&
         std::equal(shape.names.begin(), shape.names.end(), sample.labels.begin(),
                    sample.labels.end(), [](const auto& name, const Label& label) {
                      return name.first == label.name && name.second == label.quoted;
                    });
}

// As a page has it: in quotes and escaped, or plain.
std::string pageName(const std::string& name, bool plain) {
  return plain ? name : escapeLabelValue(name);
}

}  // namespace

struct Reshaper::State {
  explicit State(std::shared_ptr<const Rules> given)
      : rules(std::move(given)), compiled(*rules->compiled_) {}

  Shape& shapeOf(const Line& sample);
  const Made& madeOf(const Line& sample, Shape& shape);
  Made work(const Line& sample);
  bool serves(const Made& outcome, const Line& sample, const Shape& shape) const;
  std::uint64_t keyOf(const Line& sample, const Shape& shape) const;
  void forget();
  Verdict give(const Made& outcome, const Line& sample);

  const std::shared_ptr<const Rules> rules;
  const Rules::Compiled& compiled;
  std::unordered_map<std::uint64_t, Shape> shapes;
  Shape* shape = nullptr;  // of the last sample
  std::size_t bytes = 0;   // of all made
  LabelSet set;
  Made unkept;

  std::string_view name;
  bool quoted = false;
  std::vector<Label> labels;
};

Shape& Reshaper::State::shapeOf(const Line& sample) {
  const std::uint64_t empty = emptyOf(sample);
  if (sample.same_labels && shape != nullptr && shape->empty == empty) return *shape;
  if (shape != nullptr && hasNames(*shape, sample, empty)) return *shape;
  std::uint64_t hash = empty;
  for (const Label& label : sample.labels)
    hash = hashText(label.name, hash + (label.quoted ? 1 : 0));
  auto found = shapes.find(hash);
  if (found != shapes.end() && hasNames(found->second, sample, empty)) return found->second;
  if (found != shapes.end() || shapes.size() >= kMostShapes) forget();
  Shape& fresh = shapes[hash];
  fresh.empty = empty;
  for (const Label& label : sample.labels) {
    fresh.names.emplace_back(label.name, label.quoted);
    for (const auto& [name_added, value] : compiled.config.labels) {
      const bool same =
          label.quoted ? unescapeName(label.name) == name_added : label.name == name_added;
      fresh.clashes = fresh.clashes || same;
    }
  }
  return fresh;
}

std::uint64_t Reshaper::State::keyOf(const Line& sample, const Shape& of) const {
  std::uint64_t key = hashText(sample.name, sample.quoted ? 1 : 0);
  for (std::uint64_t left = of.looked_at; left != 0; left &= left - 1) {
    key = hashText(sample.labels[static_cast<std::size_t>(std::countr_zero(left))].value, key);
  }
  return key;
}

bool Reshaper::State::serves(const Made& outcome, const Line& sample, const Shape& of) const {
  if (outcome.metric != sample.name) return false;
  std::size_t at = 0;
  for (std::uint64_t left = of.looked_at; left != 0; left &= left - 1) {
    const auto label = static_cast<std::size_t>(std::countr_zero(left));
    if (outcome.values[at++] != sample.labels[label].value) return false;
  }
  return true;
}

const Made& Reshaper::State::madeOf(const Line& sample, Shape& of) {
  const auto found = of.made.find(keyOf(sample, of));
  if (found != of.made.end() && serves(found->second, sample, of)) return found->second;
  unkept = work(sample);
  if ((set.lookedAt() | of.looked_at) != of.looked_at) {
    // From here on more values decide; what is remembered does not know them.
    of.looked_at |= set.lookedAt();
    for (const auto& [key, old] : of.made) bytes -= old.bytes();
    of.made.clear();
  }
  unkept.metric = sample.name;
  for (std::uint64_t left = of.looked_at; left != 0; left &= left - 1) {
    unkept.values.emplace_back(
        sample.labels[static_cast<std::size_t>(std::countr_zero(left))].value);
  }
  const std::size_t size = unkept.bytes();
  if (bytes + size > kMostMemory) {
    for (auto& [hash, other] : shapes) other.made.clear();
    bytes = 0;
  }
  auto [kept, fresh] = of.made.insert_or_assign(keyOf(sample, of), std::move(unkept));
  if (fresh) bytes += size;
  return kept->second;
}

void Reshaper::State::forget() {
  shapes.clear();
  shape = nullptr;
  bytes = 0;
}

// The rules themselves.
Made Reshaper::State::work(const Line& sample) {
  set.reset(sample);
  Made outcome;
  outcome.verdict = compiled.apply(set);
  if (outcome.verdict != Verdict::Rewritten) return outcome;
  std::size_t same = 0;  // labels of the page that stand where they stood
  int last = -1;
  for (const auto& entry : set.entries()) {
    if (entry.name == LabelSet::kMetricName) {
      const bool own = entry.value == (sample.quoted ? unescapeName(sample.name) : sample.name);
      outcome.quoted = own ? sample.quoted : !isPlainMetricName(entry.value);
      if (!own) outcome.name = pageName(entry.value, !outcome.quoted);
      continue;
    }
    Piece& piece = outcome.pieces.emplace_back();
    piece.quoted = !isPlainLabelName(entry.name);
    piece.name = pageName(entry.name, !piece.quoted);
    piece.page_label = entry.page_label;
    if (entry.page_label < 0) {
      piece.value = escapeLabelValue(entry.value);
    } else if (entry.page_label > last) {
      const Label& label = sample.labels[static_cast<std::size_t>(entry.page_label)];
      last = entry.page_label;
      if (label.name == piece.name || (label.quoted && unescapeName(label.name) == entry.name))
        ++same;
    }
  }
  const auto labels_with_values = static_cast<std::size_t>(
      std::count_if(sample.labels.begin(), sample.labels.end(),
                    [](const Label& label) { return !label.value.empty(); }));
  const bool unchanged =
      outcome.name.empty() && outcome.pieces.size() == same && same == labels_with_values;
  if (unchanged) outcome.verdict = Verdict::Unchanged;
  return outcome;
}

Reshaper::Verdict Reshaper::State::give(const Made& outcome, const Line& sample) {
  if (outcome.verdict != Verdict::Rewritten) return outcome.verdict;
  name = outcome.name.empty() ? sample.name : std::string_view(outcome.name);
  quoted = outcome.quoted;
  labels.clear();
  for (const Piece& piece : outcome.pieces) {
    const std::string_view value =
        piece.page_label < 0 ? std::string_view(piece.value)
                             : sample.labels[static_cast<std::size_t>(piece.page_label)].value;
    labels.push_back({piece.name, value, piece.quoted});
  }
  return Verdict::Rewritten;
}

Reshaper::Reshaper(std::shared_ptr<const Rules> rules)
    : state_(std::make_unique<State>(std::move(rules))) {}

Reshaper::~Reshaper() = default;

bool Reshaper::touchesFamilies() const {
  return state_->rules->touchFamilies();
}

void Reshaper::startPage() {
  state_->shape = nullptr;
}

Reshaper::Verdict Reshaper::apply(const Line& sample) {
  State& state = *state_;
  if (sample.labels.size() > LabelSet::kMost) {
    state.unkept = state.work(sample);
    return state.give(state.unkept, sample);
  }
  Shape& shape = state.shapeOf(sample);
  state.shape = &shape;
  if (!shape.clashes && state.compiled.onlyLabels() && !sample.quoted) return Verdict::Inserted;
  return state.give(state.madeOf(sample, shape), sample);
}

std::string_view Reshaper::inserted() const {
  return state_->compiled.inserted;
}

std::size_t Reshaper::insertedLabels() const {
  return state_->compiled.config.labels.size();
}

std::string_view Reshaper::name() const {
  return state_->name;
}

bool Reshaper::quoted() const {
  return state_->quoted;
}

std::span<const Label> Reshaper::labels() const {
  return state_->labels;
}

std::string_view Reshaper::complaint() const {
  return "a sample that has a metric name behind metric_relabel_configs";
}

}  // namespace postern::exposition
