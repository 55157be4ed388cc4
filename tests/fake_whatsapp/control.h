#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fake_whatsapp/fake_whatsapp.h"

namespace postern::testing {

// A plain HTTP port that controls the running fake service:
//   POST /set?KEY=VALUE&...                keys of Behaviour
//   POST /provoke?path=/metrics&KEY=VALUE  keys of Provocation
//   POST /clear[?path=/metrics]            provocations of this path or of all
//   POST /revoke                           every token
//   GET /counters, /tokens                 as JSON
class Control {
 public:
  // `listen` is host:port; `whatsapp` must outlive the control port. Throws Poco::Exception if it
  // cannot listen.
  Control(const std::string& listen, FakeWhatsapp& whatsapp);
  ~Control();

  std::uint16_t port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::testing
