#pragma once

#include "base/secret.h"
#include "relabel/relabeler.h"

namespace postern::scrape {

// HMAC-SHA-256 under `salt`, and MD5, by OpenSSL.
relabel::Digests makeDigests(const Secret& salt);

}  // namespace postern::scrape
