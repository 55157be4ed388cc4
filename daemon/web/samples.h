#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "async/scope.h"
#include "async/task.h"
#include "exposition/sink.h"
#include "http/message.h"
#include "scrape/target.h"

namespace postern::web {

// The samples of a page as rows of an HTML table, by family, escaped. Counts but does not keep what
// exceeds the bounds.
class SampleTable final : public exposition::Sink {
 public:
  static constexpr std::size_t kMostSamples = 10'000;
  static constexpr std::size_t kMostBytes = 2U << 20;  // bytes of HTML

  bool copies(exposition::Syntax) const override { return false; }
  void line(const exposition::Line&) override {}
  void family(const exposition::FamilyHead& head) override;
  std::string_view sample(const exposition::Sample& sample, exposition::Syntax syntax) override;
  void settle() override {}

  // Call at the end of the page.
  void finish() { endFamily(); }

  const std::string& rows() const { return rows_; }
  std::size_t samples() const { return samples_; }  // samples of the whole page
  std::size_t shown() const { return shown_; }

 private:
  void endFamily();

  std::string rows_;
  std::string head_;   // the family's header row, until its first sample is shown
  std::string name_;   // the name of that family
  bool open_ = false;  // whether rows_ ends within a family
  std::size_t samples_ = 0;
  std::size_t shown_ = 0;
};

// Scrapes the target once. Returns its samples as an HTML page, or the fault in plain words with
// its status. All references must outlive the task.
async::Task<http::Reply> samplesPage(scrape::Target& target, const http::Request& request,
                                     std::chrono::milliseconds timeout_offset,
                                     async::Scope& connection);

}  // namespace postern::web
