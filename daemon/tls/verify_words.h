#pragma once

#include <string>

namespace postern::tls {

// Why a certificate or its chain is not accepted, for an X509_V_* code. It says nothing of whose
// certificate that is, which the caller knows.
std::string verifyWords(int error);

}  // namespace postern::tls
