#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

// Owners of OpenSSL's objects, and OpenSSL's errors as values.
namespace postern::tls {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};

using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Chain = std::vector<X509Ptr>;  // the leaf first

// An error with the fault Tls, see withRemedy().
Error tlsError(std::string sentence);
Error tlsError(std::string problem, std::string remedy);

// Returns the reason of the thread's latest OpenSSL error and empties its queue.
std::string takeReason();

}  // namespace postern::tls
