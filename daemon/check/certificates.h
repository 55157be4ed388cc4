#pragma once

#include <memory>
#include <string>

#include "check/report.h"
#include "config/target.h"
#include "tls/material.h"

namespace postern::check {

struct Certificates {
  std::shared_ptr<const tls::Material> material;  // null when it could not be loaded
  Step step;
};

// Loads key, chain and CA of the target like the daemon, and describes them.
Certificates examineCertificates(const config::Target& target, SystemTime now);

// "'postern' for postern, signed by 'CA', 29 days left"
std::string describe(const tls::Summary& certificate, SystemTime now);
OrderedJson detailsOf(const tls::Summary& certificate, SystemTime now);

}  // namespace postern::check
