#include "exposition/page_template.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <random>
#include <utility>

#include "base/budget.h"
#include "base/hash.h"
#include "exposition/scan.h"

namespace postern::exposition {
namespace {

Budget& templateBudget() {
  static Budget all(std::size_t{4} << 20);
  return all;
}

// A random number, different for each process.
std::uint64_t secret() {
  static const std::uint64_t kSecret = [] {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }();
  return kSecret;
}

// All existing stores.
struct Stores {
  Mutex mutex;  // locked before that of a store
  std::vector<PageTemplateStore*> all GUARDED_BY(mutex);
};

std::atomic<std::uint64_t> leases{0};  // of all stores

Stores& stores() {
  static Stores known;
  return known;
}

}  // namespace

void limitPageTemplates(std::size_t bytes) {
  templateBudget().limit(bytes);
}

TemplateBytes::~TemplateBytes() {
  templateBudget().giveBack(bytes_);
}

bool TemplateBytes::resize(std::size_t bytes) {
  if (bytes > bytes_ && !templateBudget().take(bytes - bytes_)) return false;
  if (bytes < bytes_) templateBudget().giveBack(bytes_ - bytes);
  bytes_ = bytes;
  return true;
}

const char* behindValue(const char* p, const char* end) {
  const char* const plain = skipPlainNumber(p, end);
  if (plain != nullptr) {
    return *plain == '\n' && plain - p <= std::ptrdiff_t{kLongestValue} ? plain : nullptr;
  }
  for (const std::string_view word : {"NaN\n", "+Inf\n", "-Inf\n"}) {
    if (between(p, end).starts_with(word)) return p + word.size() - 1;
  }
  return nullptr;
}

std::uint64_t hashLine(std::uint64_t before, std::string_view line) {
  constexpr std::uint64_t kOrder = 0xa0761d6478bd642fU;
  return mix(before ^ kOrder, hashText(line, secret()));
}

TemplateBlock::Fit TemplateBlock::match(const char*& p, const char* end,
                                        std::vector<const char*>& ends) const {
  if (static_cast<std::size_t>(end - p) < least_bytes) return Fit::Short;
  const char* at = p;
  const char* line = lengths.data();
  const char* const last = line + lengths.size();
  std::uint64_t hashed = 0;
  ends.clear();
  while (line != last) {
    const std::size_t number = readVarint(line);
    const std::size_t length = number >> 1;
    if (static_cast<std::size_t>(end - at) < length) return Fit::Short;
    hashed = hashLine(hashed, {at, length});
    at += length;
    if ((number & 1) != 0) {
      if (at == end) return Fit::Short;
      at = behindValue(at, end);
      if (at == nullptr) return Fit::Differs;
      ++at;
    }
    if (!copied) ends.push_back(at);
  }
  if (hashed != hash) return Fit::Differs;
  p = at;
  return Fit::Fits;
}

void TemplateBlock::write(const char* p, const std::vector<const char*>& ends,
                          const Literals& literals, std::string& out) const {
  const std::size_t written = out.size();
  out.resize(written + out_bytes + static_cast<std::size_t>(ends.back() - p));
  char* to = out.data() + written;
  const char* edit = edits.data();
  for (const char* const end : ends)
    to = applyEdits(edit, std::exchange(p, end), end, literals, to);
  out.resize(static_cast<std::size_t>(to - out.data()));
}

std::size_t TemplateBlock::size() const {
  std::size_t context = 0;
  if (after && after != before) {
    const auto& [family, sent_name, head_pending] = *after;
    context = sizeof(*after);
    for (const std::string* text :
         {&family.name, &family.type, &family.help, &family.unit, &sent_name}) {
      context += text->capacity();
    }
  }
  const std::size_t names_bytes =
      (names.fresh.capacity() + names.known.capacity()) * sizeof(std::uint64_t);
  return sizeof(*this) + lengths.capacity() + edits.capacity() + series.bytes() + names_bytes +
         context;
}

PageTemplateStore::PageTemplateStore() : PageTemplateStore(PageTemplate().block_bytes) {}

PageTemplateStore::PageTemplateStore(std::size_t block_bytes) : block_bytes_(block_bytes) {
  const MutexLock lock(stores().mutex);
  stores().all.push_back(this);
}

PageTemplateStore::~PageTemplateStore() {
  const MutexLock lock(stores().mutex);
  std::erase(stores().all, this);
}

PageTemplateStore::Lease PageTemplateStore::lease(const Output& output,
                                                  std::string_view content_type) {
  if (templateBudget().limit() == 0) return {};
  const MutexLock lock(mutex_);
  if (lent_) return {};
  const bool learns = misses_ == 0 || std::has_single_bit(misses_);
  if (!page_ || output_ != output || content_type_ != content_type) {
    if (!learns) {
      ++misses_;
      return {};
    }
    page_ = std::make_unique<PageTemplate>();
    page_->block_bytes = block_bytes_;
    output_ = output;
    content_type_ = content_type;
  }
  lent_ = true;
  used_before_ = std::exchange(used_, ++leases);
  return {std::move(page_), learns};
}

void PageTemplateStore::giveBack(std::unique_ptr<PageTemplate> page, bool alike, bool lacked_room) {
  {
    const MutexLock lock(mutex_);
    misses_ = alike ? 0 : misses_ + 1;
    page_ = std::move(page);
    lent_ = false;
  }
  if (lacked_room) makeRoom();
}

void PageTemplateStore::makeRoom() {
  constexpr std::size_t kMuchLarger = 4;
  const MutexLock lock(stores().mutex);
  PageTemplateStore* coldest = nullptr;
  PageTemplateStore* largest = nullptr;
  std::uint64_t used = 0;
  std::size_t bytes = 0;
  {
    const MutexLock own(mutex_);
    if (!page_) return;
    used = used_before_;
    bytes = kMuchLarger * page_->page_bytes;
  }
  for (PageTemplateStore* store : stores().all) {
    if (store == this) continue;
    const MutexLock of_store(store->mutex_);
    if (!store->page_) continue;
    if (store->used_ < used) {
      used = store->used_;
      coldest = store;
    }
    if (store->page_->page_bytes > bytes) {
      bytes = store->page_->page_bytes;
      largest = store;
    }
  }
  PageTemplateStore* const gives_way = coldest != nullptr ? coldest : largest;
  if (gives_way == nullptr) return;
  const MutexLock of_store(gives_way->mutex_);
  gives_way->page_.reset();
}

}  // namespace postern::exposition
