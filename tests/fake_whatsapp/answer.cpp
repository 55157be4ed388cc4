#include "fake_whatsapp/answer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <sstream>
#include <string_view>

#include "Poco/DeflatingStream.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/StreamSocket.h"
#include "fake_whatsapp/pages.h"

namespace postern::testing {
namespace {

using Poco::Net::HTTPResponse;

Poco::Net::StreamSocket takeOver(Poco::Net::HTTPServerRequest& request) {
  return static_cast<Poco::Net::HTTPServerRequestImpl&>(request).detachSocket();
}

void sendAll(Poco::Net::StreamSocket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent = socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Dissolving the association makes Linux send RST at once; closing with a linger time of zero would
// send TLS's close_notify first.
void resetConnection(Poco::Net::HTTPServerRequest& request) {
  Poco::Net::StreamSocket socket = takeOver(request);
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  if (::connect(socket.impl()->sockfd(), &nowhere, sizeof nowhere) != 0) socket.close();
}

std::string gzipped(const std::string& body) {
  std::ostringstream compressed;
  Poco::DeflatingOutputStream gzip(compressed, Poco::DeflatingStreamBuf::STREAM_GZIP);
  gzip << body;
  gzip.close();
  return compressed.str();
}

Answer altered(Answer answer, const Provocation& provocation) {
  if (provocation.status) answer.status = *provocation.status;
  if (provocation.body) answer.body = *provocation.body;
  if (provocation.content_type) answer.content_type = *provocation.content_type;
  for (const auto& header : provocation.headers) answer.headers.push_back(header);
  if (provocation.gzip) {
    answer.body = gzipped(answer.body);
    answer.headers.emplace_back("Content-Encoding", "gzip");
  }
  return answer;
}

void fillHead(const Answer& answer, HTTPResponse& response) {
  response.setStatusAndReason(static_cast<HTTPResponse::HTTPStatus>(answer.status));
  response.setContentType(answer.content_type);
  for (const auto& [name, value] : answer.headers) response.add(name, value);
}

void sendBulk(std::ostream& out, std::size_t megabytes, Stopper& stopper) {
  std::size_t sent = 0;
  for (std::size_t block = 0; sent < megabytes << 20 && out.good(); ++block) {
    const std::string samples = bulkSamples(block);
    out.write(samples.data(), static_cast<std::streamsize>(samples.size()));
    sent += samples.size();
    if (!stopper.wait(std::chrono::milliseconds(0))) return;
  }
}

// A truncated body needs the raw connection: Poco would end it properly.
void sendCut(const Answer& answer, std::size_t bytes, bool chunked,
             Poco::Net::HTTPServerRequest& request) {
  std::ostringstream head;
  HTTPResponse response(Poco::Net::HTTPMessage::HTTP_1_1, HTTPResponse::HTTP_OK);
  fillHead(answer, response);
  if (chunked) {
    response.setChunkedTransferEncoding(true);
  } else {
    response.setContentLength64(static_cast<Poco::Int64>(answer.body.size()));
  }
  response.write(head);
  const std::string part = answer.body.substr(0, bytes);
  if (chunked) head << std::hex << part.size() << "\r\n";
  head << part;
  if (chunked) head << "\r\n";
  Poco::Net::StreamSocket socket = takeOver(request);
  sendAll(socket, head.str());
  socket.close();
}

void sendRaw(const std::string& bytes, Poco::Net::HTTPServerRequest& request) {
  Poco::Net::StreamSocket socket = takeOver(request);
  sendAll(socket, bytes);
  socket.close();
}

void sendWhole(const Answer& answer, const Provocation& provocation,
               Poco::Net::HTTPServerResponse& response, Stopper& stopper) {
  fillHead(answer, response);
  const bool chunked = provocation.chunked || provocation.megabytes > 0;
  if (chunked) {
    response.setChunkedTransferEncoding(true);
  } else {
    response.setContentLength64(static_cast<Poco::Int64>(answer.body.size()));
  }
  std::ostream& out = response.send();
  const std::size_t half = provocation.stall_body.count() > 0 ? answer.body.size() / 2 : 0;
  out.write(answer.body.data(), static_cast<std::streamsize>(half));
  if (half > 0) {
    out.flush();
    if (!stopper.wait(provocation.stall_body)) return;
  }
  out.write(answer.body.data() + half, static_cast<std::streamsize>(answer.body.size() - half));
  sendBulk(out, provocation.megabytes, stopper);
}

}  // namespace

void Stopper::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool Stopper::wait(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [this] { return stopped_; });
}

void deliver(const Answer& answer, const Provocation& provocation,
             Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response,
             Stopper& stopper) {
  if (provocation.stall.count() > 0 && !stopper.wait(provocation.stall)) return;
  if (provocation.reset) return resetConnection(request);
  if (provocation.raw) return sendRaw(*provocation.raw, request);
  const Answer final_answer = altered(answer, provocation);
  if (provocation.truncate) {
    return sendCut(final_answer, *provocation.truncate, provocation.chunked, request);
  }
  sendWhole(final_answer, provocation, response, stopper);
}

}  // namespace postern::testing
