#pragma once

#include <memory>
#include <string>

#include "config/target.h"
#include "doctor/network.h"
#include "doctor/report.h"
#include "tls/material.h"

namespace postern::doctor {

// The steps between us and the service that need no credential: name, port, TLS handshake, and
// whether our client certificate was taken. TLS 1.3 tells that only after the handshake, some
// servers only in an answer, so one request is sent that proves nothing else: GET of the url.
// `material` is null when it could not be loaded. Returns the name of the step that failed, or "".
std::string examinePath(const config::Target& target,
                        const std::shared_ptr<const tls::Material>& material, Network& network,
                        Report& report);

}  // namespace postern::doctor
