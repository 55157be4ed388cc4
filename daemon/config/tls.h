#pragma once

#include <filesystem>
#include <string>

namespace postern::config {

using Path = std::filesystem::path;

enum class TlsVersion { Tls10, Tls11, Tls12, Tls13 };

// How a server is connected to and checked: names of files, which are read later.
struct Tls {
  Path ca_file;               // empty: the system's roots
  bool system_roots = false;  // they hold beside what ca_file has
  Path crl_file;           // the CRLs of the peer's issuer, PEM; empty: revocation is not checked
  Path cert_file;          // the client certificate and its chain, PEM; empty: none is shown
  Path key_file;           // set exactly when cert_file is
  Path pkcs12_file;        // key, certificate and chain; excludes the two
  Path key_password_file;  // of key_file or pkcs12_file; empty: the key is not encrypted
  // True for --tls.dir: a file that is missing there counts as not configured.
  bool optional_files = false;
  bool needs_ca = false;  // despite it: --tls.ca-file names ca_file
  // Others connect with the files, they are only checked: all of them may be missing with
  // optional_files, and without ca_file no roots are loaded.
  bool files_only = false;
  std::string server_name;  // empty: the host of the url
  // The SPIFFE ID that the server must have in place of a name; empty: none. Excludes server_name
  // and system_roots: only the bundle of its trust domain, which ca_file is, may vouch for it.
  std::string spiffe_id;
  TlsVersion min_version = TlsVersion::Tls12;
  std::string pin_sha256;  // 32 bytes (decoded), or empty; of the leaf's SubjectPublicKeyInfo
  bool insecure_skip_verify = false;
  bool operator==(const Tls&) const = default;
};

}  // namespace postern::config
