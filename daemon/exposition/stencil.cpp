#include "exposition/stencil.h"

#include <bit>
#include <cstring>
#include <utility>

#include "base/budget.h"
#include "exposition/scan.h"

namespace postern::exposition {
namespace {

constexpr std::ptrdiff_t kLongestValue = 40;  // bytes: longer ones are read anew

Budget& budget() {
  static Budget all(std::size_t{4} << 20);
  return all;
}

// At the line end behind a value that every reader takes, null when another one stands there.
// Requires a line end before `end`, or that `p` is there.
const char* behindValue(const char* p, const char* end) {
  const char* const plain = skipPlainNumber(p, end);
  if (plain != nullptr) return *plain == '\n' && plain - p <= kLongestValue ? plain : nullptr;
  for (const std::string_view word : {"NaN\n", "+Inf\n", "-Inf\n"}) {
    if (std::string_view(p, static_cast<std::size_t>(end - p)).starts_with(word))
      return p + word.size() - 1;
  }
  return nullptr;
}

}  // namespace

bool Stencil::fill(std::string& page, std::string& out) const {
  if (page.size() < in_.size() || page.empty() || page.back() != '\n') return false;
  const char* p = page.data();
  const char* const end = p + page.size();
  const char* in = in_.data();
  const char* text = out_.data();
  const auto isNext = [&](std::size_t size) {
    return static_cast<std::size_t>(end - p) >= size && std::memcmp(p, in, size) == 0;
  };
  if (!copies_) out.reserve(out_.size() + page.size() - in_.size());
  for (const Piece& piece : pieces_) {
    const char* const behind = isNext(piece.in) ? behindValue(p + piece.in, end) : nullptr;
    if (behind == nullptr) {
      out.clear();
      return false;
    }
    const char* const value = std::exchange(p, behind + 1) + piece.in;
    in += piece.in;
    if (copies_) continue;
    out.append(text, piece.out);
    text += piece.out;
    if (piece.kept) out.append(value, p);
  }
  const auto rest = static_cast<std::size_t>(in_.data() + in_.size() - in);
  if (static_cast<std::size_t>(end - p) != rest || !isNext(rest)) {
    out.clear();
    return false;
  }
  if (copies_) {
    out = std::move(page);
  } else {
    out.append(text, out_.data() + out_.size());
  }
  return true;
}

std::size_t Stencil::bytes() const {
  return sizeof(*this) + pieces_.capacity() * sizeof(Piece) + in_.capacity() + out_.capacity();
}

void StencilCutter::sample(const Line& line, bool kept) {
  const char* const behind = line.value.data() + line.value.size() + 1;
  const bool ends_line = behind == line.raw.data() + line.raw.size();
  const bool within = line.raw.data() >= page_.data() + in_at_ &&
                      line.raw.data() + line.raw.size() <= page_.data() + page_.size();
  const bool short_enough = line.raw.size() + kLongestValue <= line_limit_;
  const std::string_view tail(line.value.data(), line.value.size() + (ends_line ? 1 : 0));
  good_ = good_ && ends_line && within && short_enough &&
          (!kept || std::string_view(out_).substr(out_at_).ends_with(tail));
  if (!good_) return;
  const auto value_at = static_cast<std::size_t>(line.value.data() - page_.data());
  const std::size_t in = value_at - in_at_;
  const std::size_t out = out_.size() - out_at_ - (kept ? tail.size() : 0);
  stencil_.pieces_.push_back(
      {static_cast<std::uint32_t>(in), static_cast<std::uint32_t>(out), kept});
  stencil_.in_.append(page_, in_at_, in);
  stencil_.out_.append(out_, out_at_, out);
  in_at_ = value_at + tail.size();
  out_at_ = out_.size();
}

std::shared_ptr<const Stencil> StencilCutter::finish(const PageCounts& counts, Format format) {
  if (!good_) return nullptr;
  stencil_.in_.append(page_, in_at_);
  stencil_.out_.append(out_, out_at_);
  stencil_.copies_ = page_ == out_;
  if (stencil_.copies_) stencil_.out_.clear();
  for (std::string* text : {&stencil_.in_, &stencil_.out_}) text->shrink_to_fit();
  stencil_.pieces_.shrink_to_fit();
  stencil_.counts_ = counts;
  stencil_.format_ = format;
  return std::make_shared<const Stencil>(std::move(stencil_));
}

StencilKeeper::~StencilKeeper() {
  keep(nullptr, {}, {});
}

std::shared_ptr<const Stencil> StencilKeeper::find(const Output& output,
                                                   std::string_view content_type) {
  const std::lock_guard lock(mutex_);
  return output_ == output && content_type_ == content_type ? stencil_ : nullptr;
}

bool StencilKeeper::wants(bool filled) {
  const std::lock_guard lock(mutex_);
  misses_ = filled ? 0 : misses_ + 1;
  return std::has_single_bit(misses_);
}

void StencilKeeper::keep(std::shared_ptr<const Stencil> stencil, const Output& output,
                         std::string_view content_type) {
  const std::lock_guard lock(mutex_);
  if (stencil_) budget().giveBack(stencil_->bytes());
  stencil_ = stencil && budget().take(stencil->bytes()) ? std::move(stencil) : nullptr;
  output_ = output;
  content_type_ = content_type;
}

}  // namespace postern::exposition
