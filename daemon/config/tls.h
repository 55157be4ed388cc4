#pragma once

#include <filesystem>
#include <string>

namespace postern::config {

using Path = std::filesystem::path;

enum class TlsVersion { Tls10, Tls11, Tls12, Tls13 };

// How to connect to a server and verify it: names of files, which are read later.
struct Tls {
  Path ca_file;               // empty: the system's roots
  bool system_roots = false;  // trust them in addition to ca_file
  Path crl_file;           // the CRLs of the peer's issuer, PEM; empty: revocation is not checked
  Path cert_file;          // the client certificate and its chain, PEM; empty: none is sent
  Path key_file;           // set exactly when cert_file is
  Path pkcs12_file;        // key, certificate and chain; excludes cert_file and key_file
  Path key_password_file;  // for key_file or pkcs12_file; empty: the key is not encrypted
  // True for --tls.dir: a file that is missing there counts as not configured.
  bool optional_files = false;
  bool needs_ca = false;  // ca_file must exist despite optional_files: --tls.ca-file names it
  // Only check the files, because another library connects with them. All may be missing with
  // optional_files, and without ca_file no roots are loaded.
  bool files_only = false;
  std::string server_name;  // empty: the host of the url
  // The SPIFFE ID that the server must have instead of a name; may be empty. Excludes server_name
  // and system_roots: only the bundle of its trust domain, which is ca_file, may verify it.
  std::string spiffe_id;
  TlsVersion min_version = TlsVersion::Tls12;
  std::string pin_sha256;  // 32 bytes (decoded), or empty; of the leaf's SubjectPublicKeyInfo
  bool insecure_skip_verify = false;
  bool operator==(const Tls&) const = default;
};

}  // namespace postern::config
