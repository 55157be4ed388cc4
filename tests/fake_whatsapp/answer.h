#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "fake_whatsapp/behaviour.h"

namespace postern::testing {

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Ends every wait when the fake service stops. Thread-safe.
class Stopper {
 public:
  void stop();
  // Returns early, and false, when stopped.
  bool wait(std::chrono::milliseconds duration);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

// Sends `answer` with the failure of `provocation`.
void deliver(const Answer& answer, const Provocation& provocation,
             Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response,
             Stopper& stopper);

}  // namespace postern::testing
