#pragma once

#include <string>

#include "http/message.h"

namespace postern::testing {

// Remembers what a handler answered.
class RecordingSink final : public http::ResponseSink {
 public:
  void send(const http::ResponseHead& answer, std::string_view text) override {
    head = answer;
    body = text;
    ended = true;
  }
  bool begin(const http::ResponseHead& answer) override {
    head = answer;
    return true;
  }
  bool write(std::string_view block) override {
    body += block;
    return true;
  }
  bool finish() override { return ended = true; }
  void abort() override { aborted = true; }

  // Of the first further header of that name; empty when there is none.
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : head.headers) {
      if (key == name) return value;
    }
    return "";
  }

  http::ResponseHead head;
  std::string body;
  bool ended = false;
  bool aborted = false;
};

}  // namespace postern::testing
