#pragma once

#include <string>

#include "config/target.h"
#include "fakes/certificates.h"
#include "tls/material.h"

namespace postern::tls {

// The mounted files of one target.
class Mount {
 public:
  Mount& ca(const std::string& pem) {
    config.ca_file = folder_.write("ca.crt", pem);
    return *this;
  }
  Mount& ca(const testing::Identity& authority) { return ca(authority.certificate()); }
  Mount& crl(const std::string& pem) {
    config.crl_file = folder_.write("crl.pem", pem);
    return *this;
  }
  Mount& pair(const std::string& cert, const std::string& key) {
    config.cert_file = folder_.write("tls.crt", cert);
    config.key_file = folder_.write("tls.key", key);
    return *this;
  }
  Mount& pair(const testing::Identity& client) { return pair(client.certificate(), client.key()); }
  Mount& bundle(const std::string& der) {
    config.pkcs12_file = folder_.write("bundle.p12", der);
    return *this;
  }
  Mount& password(const std::string& text) {
    config.key_password_file = folder_.write("password", text);
    return *this;
  }
  // As in --tls.dir: each may be missing.
  Mount& optional() {
    config.optional_files = true;
    config.ca_file = path("ca.crt");
    config.cert_file = path("tls.crt");
    config.key_file = path("tls.key");
    return *this;
  }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    return folder_.write(name, content);
  }
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  Result<std::shared_ptr<const Material>> load() const {
    return Material::load(config, std::chrono::system_clock::now());
  }

  config::Tls config;

 private:
  testing::TemporaryFolder folder_;
};

}  // namespace postern::tls
