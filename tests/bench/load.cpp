// Scrapes over keep-alive connections as fast as the server answers, and verifies each answer.
//
//   load PORT REQUESTS FILE PATH...    one connection for each PATH, REQUESTS on each
//   load PORT REQUESTS gzip PATH...    the same, and accepts gzip
//
// A valid answer is a 200 that ends as its framing says and whose body equals FILE byte for byte (a
// compressed body is not compared). The first invalid answer ends the program. Prints "ANSWERS
// BYTES P50": of all bodies, and the median latency in microseconds. It has one thread, so that it
// takes little CPU from the measured servers.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Time = std::chrono::steady_clock;

constexpr std::size_t kBlock = 64 * 1024;
constexpr int kPatienceMillis = 30'000;

[[noreturn]] void fail(std::string_view path, std::string_view what) {
  std::fprintf(stderr, "load: %.*s: %.*s\n", static_cast<int>(path.size()), path.data(),
               static_cast<int>(what.size()), what.data());
  std::exit(1);
}

std::size_t number(std::string_view path, std::string_view digits, int base) {
  std::size_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size())
    fail(path, "a length is not a number: " + std::string(digits));
  return value;
}

// Parses one answer in pieces. `bytes` is the input that has been read and not yet consumed.
class Answer {
 public:
  // Without an expected page, every body is valid.
  Answer(std::string_view path, std::string_view expected) : path_(path), expected_(expected) {}

  // True if the answer is complete; consumes the usable part of `bytes`.
  bool take(std::string& bytes) {
    std::string_view rest = bytes;
    while (step(rest)) {
    }
    bytes.erase(0, bytes.size() - rest.size());
    return stage_ == Stage::Done;
  }
  bool closes() const { return closes_; }
  std::size_t bodyBytes() const { return taken_; }

 private:
  enum class Stage { Head, Body, ChunkSize, ChunkData, ChunkEnd, Done };

  // False if it needs more bytes, or is complete.
  bool step(std::string_view& rest) {
    switch (stage_) {
      case Stage::Done: return false;
      case Stage::Head: return takeHead(rest);
      case Stage::Body:
      case Stage::ChunkData: return takeBody(rest);
      case Stage::ChunkSize:
      case Stage::ChunkEnd: break;
    }
    const auto eol = rest.find("\r\n");
    if (eol == std::string_view::npos) return false;
    const auto line = rest.substr(0, eol);
    rest.remove_prefix(eol + 2);
    if (stage_ == Stage::ChunkEnd) {
      if (last_chunk_) {
        finish();
      } else {
        stage_ = Stage::ChunkSize;
      }
      return true;
    }
    left_ = number(path_, line, 16);
    last_chunk_ = left_ == 0;
    stage_ = last_chunk_ ? Stage::ChunkEnd : Stage::ChunkData;
    return true;
  }

  bool takeHead(std::string_view& rest) {
    const auto end = rest.find("\r\n\r\n");
    if (end == std::string_view::npos) return false;
    const std::string head(rest.substr(0, end + 2));
    rest.remove_prefix(end + 4);
    if (!head.starts_with("HTTP/1.1 200 ")) fail(path_, head + std::string(rest.substr(0, 300)));
    closes_ = head.find("\r\nConnection: close\r\n") != std::string::npos;
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    if (const auto at = head.find(kLength); at != std::string::npos) {
      const auto digits = at + kLength.size();
      left_ = number(path_, head.substr(digits, head.find('\r', digits) - digits), 10);
      stage_ = Stage::Body;
    } else if (head.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos) {
      stage_ = Stage::ChunkSize;
    } else {
      fail(path_, "the answer has neither a length nor chunks");
    }
    return true;
  }

  bool takeBody(std::string_view& rest) {
    const auto part = rest.substr(0, left_);
    if (part.empty()) return false;
    if (!expected_.empty() &&
        expected_.substr(std::min(taken_, expected_.size()), part.size()) != part)
      fail(path_, "the body is not the page, from byte " + std::to_string(taken_) + " on");
    taken_ += part.size();
    left_ -= part.size();
    rest.remove_prefix(part.size());
    if (left_ > 0) return true;
    if (stage_ == Stage::ChunkData) {
      stage_ = Stage::ChunkEnd;
    } else {
      finish();
    }
    return true;
  }

  void finish() {
    if (!expected_.empty() && taken_ != expected_.size())
      fail(path_, "the body ends after " + std::to_string(taken_) + " bytes");
    stage_ = Stage::Done;
  }

  std::string_view path_;
  std::string_view expected_;
  Stage stage_ = Stage::Head;
  std::size_t left_ = 0;   // of the body, or of the chunk
  std::size_t taken_ = 0;  // of the body
  bool last_chunk_ = false;
  bool closes_ = false;
};

class Scraper {
 public:
  Scraper(int epoll, std::uint16_t port, std::string path, std::string_view page)
      : epoll_(epoll), port_(port), path_(std::move(path)), page_(page), answer_(path_, page_) {
    request_ = "GET " + path_ + " HTTP/1.1\r\nHost: relay\r\nAccept: text/plain\r\n";
    if (page.empty()) request_ += "Accept-Encoding: gzip\r\n";
    request_ += "\r\n";
    connect();
  }

  void ask() {
    answer_ = Answer(path_, page_);
    asked_ = Time::now();
    if (::send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size()))
      fail(path_, "the request cannot be sent");
  }

  // Reads once; true if the answer is complete.
  bool read() {
    const auto before = bytes_.size();
    bytes_.resize(before + kBlock);
    const auto got = ::recv(socket_, bytes_.data() + before, kBlock, 0);
    if (got <= 0) fail(path_, "the connection ended in the answer");
    bytes_.resize(before + static_cast<std::size_t>(got));
    if (!answer_.take(bytes_)) return false;
    const std::chrono::duration<double, std::micro> took = Time::now() - asked_;
    micros_.push_back(took.count());
    body_bytes_ += answer_.bodyBytes();
    if (!bytes_.empty()) fail(path_, "more bytes follow the answer");
    if (answer_.closes()) {
      ::close(socket_);
      connect();
    }
    return true;
  }

  const std::vector<double>& micros() const { return micros_; }
  std::size_t bodyBytes() const { return body_bytes_; }

 private:
  void connect() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      fail(path_, "nobody listens on port " + std::to_string(port_));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = this;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event);
  }

  int epoll_;
  std::uint16_t port_;
  std::string path_;
  std::string_view page_;
  std::string request_;
  int socket_ = -1;
  std::string bytes_;
  Answer answer_;
  Time::time_point asked_;
  std::vector<double> micros_;
  std::size_t body_bytes_ = 0;  // of all answers
};

void run(int epoll, std::vector<Scraper>& scrapers, std::size_t requests) {
  for (auto& scraper : scrapers) scraper.ask();
  std::array<epoll_event, 64> events;
  for (std::size_t busy = scrapers.size(); busy > 0;) {
    const int ready =
        ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), kPatienceMillis);
    if (ready <= 0) fail("all paths", "no answer in time");
    for (int i = 0; i < ready; ++i) {
      auto& scraper = *static_cast<Scraper*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!scraper.read()) continue;
      if (scraper.micros().size() < requests) {
        scraper.ask();
      } else {
        --busy;
      }
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) fail("usage", "load PORT REQUESTS FILE PATH...");
  const auto port = static_cast<std::uint16_t>(number("PORT", arguments[1], 10));
  const auto requests = number("REQUESTS", arguments[2], 10);
  std::string page;
  if (arguments[3] != std::string_view("gzip")) {
    std::ifstream file(arguments[3], std::ios::binary);
    page.assign(std::istreambuf_iterator<char>(file), {});
    if (page.empty()) fail(arguments[3], "a page to compare with is missing");
  }
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Scraper> scrapers;
  scrapers.reserve(static_cast<std::size_t>(count));  // epoll points to them
  for (int i = 4; i < count; ++i) scrapers.emplace_back(epoll, port, arguments[i], page);
  run(epoll, scrapers, requests);
  std::vector<double> micros;
  std::size_t bytes = 0;
  for (const auto& scraper : scrapers) bytes += scraper.bodyBytes();
  for (const auto& scraper : scrapers)
    micros.insert(micros.end(), scraper.micros().begin(), scraper.micros().end());
  const auto middle = micros.begin() + static_cast<std::ptrdiff_t>(micros.size() / 2);
  std::nth_element(micros.begin(), middle, micros.end());
  std::printf("%zu %zu %.1f\n", micros.size(), bytes, *middle);
}
