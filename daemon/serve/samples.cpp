#include "serve/samples.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "exposition/page_reader.h"
#include "serve/assets.h"
#include "serve/html.h"
#include "serve/page.h"
#include "serve/verdict.h"

namespace postern::serve {
namespace {

// What Prometheus would get, names that need quotes as they are.
constexpr exposition::Output kForm{exposition::Syntax::Text, /*version_1=*/true,
                                   exposition::Escaping::AllowUtf8};
constexpr std::string_view kRoot = "../../";  // of /metrics/<target>/display

std::string capitalised(std::string_view words) {
  std::string text(words);
  if (!text.empty()) text[0] = upperCase(text[0]);
  return text;
}

int answerWithFaultPage(const scrape::Target& target, const Error& error,
                        http::ResponseSink& sink) {
  const FaultInfo& info = faultInfo(error.fault);
  const HtmlAnswer answer;
  auto head = answer.head(info.http_status);
  head.reason = info.name;
  if (error.retry_after && info.http_status == 503)
    head.headers.emplace_back("Retry-After", std::to_string(error.retry_after->count()));
  const std::string name = escapeHtml(target.config().name);
  const auto verdict = judge(viewOf(target));
  const bool known = verdict.fault && verdict.fault->fault == error.fault;
  const std::string words = known ? verdict.words : std::string(faultWords(error.fault));
  const std::string next = error.next.empty() ? std::string(info.next) : error.next;
  const std::string content = "<p><code class=\"bad\">" + std::string(info.name) + "</code> " +
                              escapeHtml(error.what) + ".</p><p>" + escapeHtml(capitalised(next)) +
                              ".</p>";
  sink.send(head, answer.fill(kPlainPage, {{"root", kRoot},
                                           {"title", name},
                                           {"about", name},
                                           {"headline", capitalised(words) + "."},
                                           {"content", content}}));
  return head.status;
}

std::string withThousands(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, "\xE2\x80\xAF");
  return text;
}

std::string summaryOf(const SampleTable& table) {
  if (table.shown() == table.samples()) return withThousands(table.samples()) + " samples";
  return "the first " + withThousands(table.shown()) + " of " + withThousands(table.samples()) +
         " samples; the others are cut off here, not on the page";
}

int answerWithTable(const std::string& target, const SampleTable& table, http::ResponseSink& sink) {
  const HtmlAnswer answer;
  constexpr std::string_view kRows = "{{rows}}";
  const auto at = kSamplesPage.find(kRows);
  const std::string name = escapeHtml(target);
  const auto head = answer.head();
  const bool whole =
      sink.begin(head) &&
      sink.write(answer.fill(kSamplesPage.substr(0, at),
                             {{"root", kRoot}, {"target", name}, {"summary", summaryOf(table)}})) &&
      sink.write(table.rows()) && sink.write(answer.fill(kSamplesPage.substr(at + kRows.size())));
  if (whole) {
    sink.finish();
  } else {
    sink.abort();
  }
  return head.status;
}

}  // namespace

void SampleTable::endFamily() {
  if (open_) rows_ += "</tbody>\n";
  open_ = false;
}

void SampleTable::family(const exposition::FamilyHead& head) {
  if (open_ && head.name == name_) return;  // x_bucket, x_sum, x_count: one family
  endFamily();
  name_ = head.name;
  head_ = R"(<tbody><tr class="family"><th colspan="2"><code>)" + escapeHtml(head.name) +
          R"(</code> <span class="soft">)" +
          escapeHtml(head.type.empty() ? std::string_view("untyped") : head.type);
  if (!head.unit.empty()) head_ += ", " + escapeHtml(head.unit);
  head_ += "</span>";
  if (!head.help.empty()) head_ += "<q>" + escapeHtml(head.help) + "</q>";
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
    rows_ +=
        "<wbr>" + escapeHtml(label.name) + "=&quot;<b>" + escapeHtml(label.value) + "</b>&quot;";
    separator = ',';
  }
  if (separator == ',') rows_ += '}';
  rows_ += "</code></td><td>" + escapeHtml(line.value);
  if (!line.timestamp.empty())
    rows_ += " <span class=\"soft\">@" + escapeHtml(line.timestamp) + "</span>";
  rows_ += "</td></tr>\n";
  return {};
}

int answerWithSamples(scrape::Target& target, const http::Request& request,
                      std::chrono::milliseconds timeout_offset, http::ResponseSink& sink) {
  const std::string& name = target.config().name;
  const auto time = scrapeTime(request.header("x-prometheus-scrape-timeout-seconds"),
                               target.config().scrape_timeout, timeout_offset);
  SampleTable table;
  exposition::PageReader reader(kForm.syntax, {}, table);
  std::optional<Error> unread;
  const scrape::Stream read = [&](std::string_view block) {
    if (auto fed = reader.feed(block); !fed && !unread) unread = fed.error();
    return true;
  };
  std::optional<int> left;  // the status, when we were answered before our thread was free
  const auto leave_early = [&](const scrape::Target::Answer& answer) {
    left = answerWithFaultPage(target, answer.page.error(), sink);
  };
  const auto answer =
      target.scrape(std::chrono::steady_clock::now() + time, kForm, read, leave_early);
  if (left) return *left;
  if (!answer.page) return answerWithFaultPage(target, answer.page.error(), sink);
  if (!answer.streamed) read(**answer.page);
  if (!unread) {
    if (auto whole = reader.finish(); !whole) unread = whole.error();
  }
  if (unread) return answerWithFaultPage(target, *unread, sink);
  table.finish();
  return answerWithTable(name, table, sink);
}

}  // namespace postern::serve
