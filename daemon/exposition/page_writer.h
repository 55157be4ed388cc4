#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/hash.h"
#include "exposition/sink.h"

namespace postern::exposition {

// Which families' names some part of a page looked for, as hashes, and what it found.
struct NameLog {
  std::vector<std::uint64_t> fresh;  // not written before, and written since
  std::vector<std::uint64_t> known;  // written before that part
  bool full = false;                 // there were too many to remember one
};

// Writes a page as it is read. Lines that need no change are copied as they came; value text is
// never printed anew. Not thread-safe.
class PageWriter : public Sink {
 public:
  explicit PageWriter(const Output& output);

  bool copies(Syntax syntax) const override { return syntax == output_.syntax; }
  void line(const Line& line) override;
  void family(const FamilyHead& head) override;
  std::string_view sample(const Sample& sample, Syntax syntax) override;
  void settle() override;
  // At the end of a whole page: OpenMetrics' # EOF.
  void finish();

  // What has been written since it was last cleared, which is the caller's to do. Whole only after
  // settle() or finish().
  std::string& out() { return out_; }

  // Logs names; null: no more. The log must outlive its use.
  void logNames(NameLog* log) { name_log_ = log; }
  // Whether that part of a page would find the same here; repeat() then remembers its names.
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
  // Text of the page that goes out as it is, and has not been copied yet: [run_, run_end_)
  const char* run_ = nullptr;
  const char* run_end_ = nullptr;
  HashSet written_;  // names of families
  NameLog* name_log_ = nullptr;
};

}  // namespace postern::exposition
