#include "web/samples.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "exposition/page_reader.h"
#include "web/assets.h"
#include "web/html.h"
#include "web/page.h"
#include "web/target_state.h"

namespace postern::web {
namespace {

// The format that Prometheus would get, with names that need quotes unchanged.
constexpr exposition::Output kForm{exposition::Syntax::Text, /*version_1=*/true,
                                   exposition::Escaping::AllowUtf8};
constexpr std::string_view kRoot = "../../";  // of /metrics/<target>/display

std::string capitalised(std::string_view words) {
  std::string text(words);
  if (!text.empty()) text[0] = upperCase(text[0]);
  return text;
}

http::Reply faultPage(const scrape::Target& target, const Error& error) {
  const FaultInfo& info = faultInfo(error.fault);
  const HtmlAnswer answer;
  http::Reply reply{answer.head(info.http_status), {}};
  reply.head.reason = info.name;
  if (error.retry_after && info.http_status == 503)
    reply.head.headers.emplace_back("Retry-After", std::to_string(error.retry_after->count()));
  const std::string name = escapeHtml(target.config().name);
  const auto target_state = stateOf(viewOf(target));
  const bool known = target_state.fault && target_state.fault->fault == error.fault;
  const std::string words = known ? target_state.words : std::string(faultWords(error.fault));
  const std::string next = error.next.empty() ? std::string(info.next) : error.next;
  const std::string content =
      fmt::format("<p><code class=\"bad\">{}</code> {}.</p><p>{}.</p>", info.name,
                  escapeHtml(error.what), escapeHtml(capitalised(next)));
  reply.body = answer.fill(kPlainPage, {{"root", kRoot},
                                        {"title", name},
                                        {"about", name},
                                        {"headline", capitalised(words) + "."},
                                        {"content", content}});
  return reply;
}

std::string withThousands(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, "\xE2\x80\xAF");
  return text;
}

std::string summaryOf(const SampleTable& table) {
  if (table.shown() == table.samples()) return withThousands(table.samples()) + " samples";
  return fmt::format("the first {} of {} samples; this table omits the others, the page does not",
                     withThousands(table.shown()), withThousands(table.samples()));
}

http::Reply tablePage(const std::string& target, const SampleTable& table) {
  const HtmlAnswer answer;
  const std::string name = escapeHtml(target);
  return {answer.head(), answer.fill(kSamplesPage, {{"root", kRoot},
                                                    {"target", name},
                                                    {"summary", summaryOf(table)},
                                                    {"rows", table.rows()}})};
}

// Reads a page into the table: a small one at once, a large one in steps. The loop serves other
// tasks between the steps.
class TableReader final : public scrape::PageStream {
 public:
  explicit TableReader(async::Scope& connection) : connection_(connection) {}

  async::Task<bool> write(std::string_view block) override;
  std::chrono::milliseconds waited() const override { return {}; }
  void disconnect() override {}
  // Call at the end of the page. Returns why it cannot be shown.
  std::optional<Error> finish();
  const SampleTable& table() const { return table_; }

 private:
  static constexpr std::size_t kMostAtOnce = 256U << 10;
  static constexpr std::size_t kStep = 64U << 10;

  void keep(const Result<void>& read) {
    if (!read && !error_) error_ = read.error();
  }

  async::Scope& connection_;
  SampleTable table_;
  exposition::PageReader reader_{kForm.syntax, {}, table_};
  std::optional<Error> error_;  // the first error
};

async::Task<bool> TableReader::write(std::string_view block) {
  const std::size_t step = block.size() > kMostAtOnce ? kStep : kMostAtOnce;
  while (!block.empty()) {
    keep(reader_.feed(block.substr(0, step)));
    block.remove_prefix(std::min(step, block.size()));
    if (block.empty()) break;
    const bool turned = co_await connection_.loop().turn(connection_);
    if (!turned) co_return false;
  }
  co_return true;
}

std::optional<Error> TableReader::finish() {
  if (!error_) keep(reader_.finish());
  table_.finish();
  return error_;
}

}  // namespace

void SampleTable::endFamily() {
  if (open_) rows_ += "</tbody>\n";
  open_ = false;
}

void SampleTable::family(const exposition::FamilyHead& head) {
  if (open_ && head.name == name_) return;  // x_bucket, x_sum and x_count are one family.
  endFamily();
  name_ = head.name;
  head_ = R"(<tbody><tr class="family"><th colspan="2"><code>)" + escapeHtml(head.name) +
          R"(</code> <span class="soft">)" +
          escapeHtml(head.type.empty() ? std::string_view("untyped") : head.type);
  if (!head.unit.empty()) head_ += ", " + escapeHtml(head.unit);
  head_ += "</span>";
  if (!head.help.empty()) head_ += fmt::format("<q>{}</q>", escapeHtml(head.help));
  head_ += "</th></tr>\n";
}

std::string_view SampleTable::sample(const exposition::Sample& sample, exposition::Syntax) {
  ++samples_;
  if (shown_ + 1 < samples_ || shown_ >= kMostSamples || rows_.size() >= kMostBytes) return {};
  ++shown_;
  const exposition::Line& line = sample.line;
  if (!open_) rows_ += head_;
  open_ = true;
  rows_ += "<tr><td><code>";
  rows_ += escapeHtml(line.name);
  char separator = '{';
  for (const auto& label : line.labels) {
    rows_ += separator;
    rows_ += fmt::format("<wbr>{}=&quot;<b>{}</b>&quot;", escapeHtml(label.name),
                         escapeHtml(label.value));
    separator = ',';
  }
  if (separator == ',') rows_ += '}';
  rows_ += "</code></td><td>" + escapeHtml(line.value);
  if (!line.timestamp.empty())
    rows_ += fmt::format(" <span class=\"soft\">@{}</span>", escapeHtml(line.timestamp));
  rows_ += "</td></tr>\n";
  return {};
}

async::Task<http::Reply> samplesPage(scrape::Target& target, const http::Request& request,
                                     std::chrono::milliseconds timeout_offset,
                                     async::Scope& connection) {
  const auto deadline = scrapeDeadline(target, request, timeout_offset);
  TableReader reader(connection);
  const auto answer = co_await target.scrape(deadline, kForm, reader, connection);
  if (!answer.page) co_return faultPage(target, answer.page.error());
  if (!answer.streamed) {
    const std::string_view page = **answer.page;
    co_await reader.write(page);
  }
  if (const auto error = reader.finish()) co_return faultPage(target, *error);
  co_return tablePage(target.config().name, reader.table());
}

}  // namespace postern::web
