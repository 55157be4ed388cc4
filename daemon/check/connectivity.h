#pragma once

#include <memory>
#include <string>

#include "check/network.h"
#include "check/report.h"
#include "config/target.h"
#include "tls/material.h"

namespace postern::check {

// The steps to the service that need no credential: name, port, TLS handshake, and whether the
// service accepted the client certificate. TLS 1.3 reports that only after the handshake, and some
// servers only in an answer. So one request without a credential is sent: GET of the url.
// `material` is null when it could not be loaded. Returns the name of the step that failed, or "".
std::string checkConnectivity(const config::Target& target,
                              const std::shared_ptr<const tls::Material>& material,
                              Network& network, Report& report);

}  // namespace postern::check
