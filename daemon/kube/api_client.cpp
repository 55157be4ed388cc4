#include "kube/api_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "base/printable.h"
#include "credentials/secret_file.h"
#include "kube/api_answer.h"

namespace postern::kube {
namespace {

constexpr std::size_t kMessageLimit = 300;  // bytes of the API server's message

config::Tls trusting(const config::Path& ca_file) {
  config::Tls tls;
  tls.ca_file = ca_file;
  return tls;
}

Error during(const ApiRequest& request, Error error) {
  return withContext(request.doing, std::move(error));
}

// The message of a `Status` (api-conventions.md, "Response Status Kind"). It quotes names, never
// values.
std::string messageIn(const Json& body) {
  return printable(findText(body, {"message"}), kMessageLimit);
}

Json parse(std::string_view text, const std::vector<std::string>& leave_out) {
  using Event = Json::parse_event_t;
  const auto wanted = [&leave_out](int, Event event, Json& parsed) {
    const auto is = [&parsed](const std::string& key) { return parsed == key; };
    return event != Event::key || std::ranges::none_of(leave_out, is);
  };
  return Json::parse(text, wanted, /*allow_exceptions=*/false);
}

ApiOutcome outcomeOf(const ApiRequest& request, const Result<ApiAnswer>& answer) {
  if (!answer) return ApiOutcome::Failed;
  if (!answer->good())
    return answer->status == request.expected ? ApiOutcome::Ok : ApiOutcome::Refused;
  return answer->body.is_object() ? ApiOutcome::Ok : ApiOutcome::Failed;
}

std::string_view adviceFor(int status) {
  switch (status) {
    case 401: return ": it does not know the token: mount that of the service account";
    case 403: return ": grant the injector's service account this right";
    default: return "";
  }
}

}  // namespace

std::optional<config::Url> inClusterUrl() {
  const char* const host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* const port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr || *host == '\0') return std::nullopt;
  config::Url url;
  url.host = host;
  const std::string_view digits(port);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return url;
}

std::string namespaceIn(const config::Path& file) {
  const auto read = credentials::readSecretFile(file);
  return read ? std::string(read->reveal()) : std::string();
}

ApiClient::ApiClient(const ApiAccess& access, const Clock& clock)
    : token_file_(access.token_file),
      authority_(access.url.authority()),
      material_(trusting(access.ca_file), "kubernetes", clock),
      client_(async::makeOnLoop<upstream::Client>(loop_thread_.loop(), access.url, material_,
                                                  resolver_, loop_thread_.loop(), pool_)) {}

Result<ApiAnswer> ApiClient::ask(const ApiRequest& request) {
  auto answer = send(request);
  ++counts_[static_cast<std::size_t>(outcomeOf(request, answer))];
  return answer;
}

ApiClient::RequestCounts ApiClient::counts() const {
  RequestCounts counts;
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = counts_[i];
  return counts;
}

Result<ApiAnswer> ApiClient::send(const ApiRequest& request) {
  const auto token = credentials::readSecretFile(token_file_);
  if (!token) return during(request, token.error());
  upstream::Request sent;
  sent.method = request.method;
  sent.path = request.path;
  sent.headers = {{"Accept", request.accept}};
  sent.secret_header = "Authorization";
  sent.secret_value = Secret("Bearer ");
  sent.secret_value.append(token->reveal());
  sent.content_type = request.content_type;
  sent.body = request.body;
  sent.body_limit = request.answer_limit;
  sent.any_status_body = true;
  Secret body;  // contains a secret if a Secret was read
  const auto response = loop_thread_.run(exchange(sent, body));
  if (!response) return during(request, response.error());
  ApiAnswer answer;
  answer.status = response->status;
  answer.body = parse(body.reveal(), request.leave_out);
  if (!answer.good()) answer.message = messageIn(answer.body);
  return answer;
}

async::Task<Result<upstream::Response>> ApiClient::exchange(const upstream::Request& request,
                                                            Secret& body) {
  material_.poll();  // here, because only this thread polls
  auto& loop = loop_thread_.loop();
  async::Scope scope(loop, loop.now() + kPatience);
  const auto started = co_await client_->send(request, scope);
  if (!started) co_return started.error();
  auto& answer = **started;
  for (;;) {
    const auto block = co_await answer.read(scope);
    if (!block) co_return block.error();
    if (block->empty()) co_return answer.response();
    body.append(*block);
  }
}

Result<Json> ApiClient::fetch(const ApiRequest& request) {
  auto answer = ask(request);
  if (!answer) return std::move(answer).error();
  if (!answer->good()) return refusal(request, *answer);
  if (answer->body.is_object()) return std::move(answer->body);
  return Error{Fault::Format,
               fmt::format("{}: {} answered with something that is not a JSON object",
                           request.doing, authority_)};
}

Error refusal(const ApiRequest& request, const ApiAnswer& answer) {
  const Fault fault =
      answer.status == 401 || answer.status == 403 ? Fault::Forbidden : Fault::Status;
  std::string what = fmt::format("{}: the API server answered {}", request.doing, answer.status);
  what += adviceFor(answer.status);
  if (!answer.message.empty()) what += fmt::format(" ({})", answer.message);
  return {fault, std::move(what)};
}

}  // namespace postern::kube
