#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "exposition/sink.h"

namespace postern::exposition {

// The family names that a part of a page looked up, as hashes, with the results.
struct NameLog {
  std::vector<std::uint64_t> fresh;  // not written before that part, and written in it
  std::vector<std::uint64_t> known;  // written before that part
  bool full = false;                 // too many to remember one of them
};

// Writes a page while it is read. Copies lines that need no change. Never reformats a value. Not
// thread-safe.
class PageWriter : public Sink {
 public:
  explicit PageWriter(const Output& output);

  bool copies(Syntax syntax) const override { return syntax == output_.syntax; }
  void line(const Line& line) override;
  void family(const FamilyHead& head) override;
  std::string_view sample(const Sample& sample, Syntax syntax) override;
  void settle() override;
  // Call at the end of a complete page: OpenMetrics' # EOF.
  void finish();

  // The output since it was last cleared. The caller clears it. Complete only after settle() or
  // finish().
  std::string& out() { return out_; }

  // Logs names; null: stops. The log must outlive its use.
  void logNames(NameLog* log) { name_log_ = log; }
  // Whether that part of a page would have the same results here. If so, repeat() then remembers
  // its names.
  bool canRepeat(const NameLog& log) const;
  void repeat(const NameLog& log);

 private:
  bool isWritten(std::uint64_t name);
  bool copiesWhole(const Sample& sample, Syntax syntax) const;
  void copy(const char* begin, const char* end);
  bool insert(const Sample& sample);
  void meta(std::string_view keyword, std::string_view name, bool quoted, std::string_view text);

  const Output output_;
  std::string out_;
  // Text of the page that is written unchanged and not copied yet: [run_, run_end_)
  const char* run_ = nullptr;
  const char* run_end_ = nullptr;
  HashSet written_;  // names of families
  NameLog* name_log_ = nullptr;
};

}  // namespace postern::exposition
