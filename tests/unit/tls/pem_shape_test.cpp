// Certificates, CRLs and keys in formats that people use. Each role that reads one names the
// format, and the command in its error converts the file.
#include "tls/pem_shape.h"
#include "base/encoding.h"

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include <cstdlib>
#include <sstream>

#include "fakes/test_data.h"
#include "tls/context.h"
#include "tls/issue.h"
#include "tls/server_context.h"
#include "unit/tls/mount.h"

namespace postern::tls {
namespace {

using ::testing::HasSubstr;
using testing::Identity;
using testing::makeAuthority;
using testing::makeClient;
using ::testing::Not;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Each line of `text` through `change`.
std::string perLine(const std::string& text,
                    const std::function<std::string(const std::string&)>& change) {
  std::istringstream lines(text);
  std::string changed;
  for (std::string line; std::getline(lines, line);) changed += change(line) + '\n';
  return changed;
}

std::string before(const std::string& mark, const std::string& text) {
  return perLine(text, [&](const std::string& line) { return mark + line; });
}

std::string wrapped(const std::string& text, std::size_t width) {
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += width) lines += text.substr(at, width) + '\n';
  return lines;
}

// Of ASCII.
std::string utf16(const std::string& text, bool big) {
  std::string wide;
  for (const char byte : text) {
    if (big) wide += '\0';
    wide += byte;
    if (!big) wide += '\0';
  }
  return wide;
}

std::string withoutLine(const std::string& text, const std::string& part) {
  std::string rest;
  perLine(text, [&](const std::string& line) {
    if (line.find(part) == line.npos) rest += line + '\n';
    return line;
  });
  return rest;
}

std::string derOf(const std::string& pem) {
  const BioPtr reader(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(reader.get(), &name, &header, &data, &size) != 1) return {};
  std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return der;
}

// Formats that any PEM text can have.
struct TextShape {
  const char* name;
  std::function<std::string(const std::string& pem)> make;
  std::string words;  // of the message
};

const std::vector<TextShape>& textShapes() {
  using Text = const std::string&;
  const auto escaped = [](Text pem) { return replaced(pem, "\n", "\\n"); };
  static const std::vector<TextShape> shapes = {
      {"indented", [](Text pem) { return before("  ", pem); }, "is indented"},
      {"indented by a tab", [](Text pem) { return before("\t", pem); }, "is indented"},
      {"END indented", [](Text pem) { return replaced(pem, "-----END", " -----END"); },
       "is indented"},
      {"indented by no-break spaces", [](Text pem) { return before("\xC2\xA0", pem); },
       "has characters in it that are not ASCII"},
      {"escaped", escaped, "has escaped line ends (\\n)"},
      {"escaped twice", [](Text pem) { return replaced(pem, "\n", "\\\\n"); },
       "has escaped line ends (\\n)"},
      {"escaped as on Windows", [](Text pem) { return replaced(pem, "\n", "\\r\\n"); },
       "has escaped line ends (\\n)"},
      {"escaped and quoted", [=](Text pem) { return '"' + escaped(pem) + "\"\n"; },
       "has escaped line ends (\\n)"},
      {"spaces for line ends", [](Text pem) { return replaced(pem, "\n", " "); }, "is on one line"},
      {"no line ends", [](Text pem) { return replaced(pem, "\n", ""); }, "is on one line"},
      {"BEGIN on the first line of its body",
       [](Text pem) { return pem.substr(0, pem.find('\n')) + pem.substr(pem.find('\n') + 1); },
       "is on one line"},
      {"in double quotes", [](Text pem) { return '"' + pem + "\"\n"; }, "is in quotes"},
      {"in single quotes", [](Text pem) { return '\'' + pem.substr(0, pem.size() - 1) + "'\n"; },
       "is in quotes"},
      {"CR alone", [](Text pem) { return replaced(pem, "\n", "\r"); }, "has only CR as line ends"},
      {"four dashes", [](Text pem) { return replaced(pem, "-----", "----"); },
       "does not have five dashes"},
      {"six dashes", [](Text pem) { return replaced(pem, "-----", "------"); },
       "does not have five dashes"},
      {"four dashes only at END", [](Text pem) { return replaced(pem, "-----END", "----END"); },
       "does not have five dashes"},
      {"no dashes at the end", [](Text pem) { return replaced(pem, "-----\n", "\n"); },
       "does not have five dashes"},
      {"dashes of a word processor",
       [](Text pem) { return replaced(pem, "-----", "\xE2\x80\x94\xE2\x80\x94-"); },
       "does not have five dashes"},
      {"blanks next to the dashes",
       [](Text pem) { return replaced(replaced(pem, "-----B", "---- B"), "-----E", "---- E"); },
       "does not have five dashes"},
      {"a comma after END", [](Text pem) { return pem.substr(0, pem.size() - 1) + ",\n"; },
       "does not have five dashes"},
      {"a line between each two", [](Text pem) { return replaced(pem, "\n", "\n\n"); },
       "has blank lines in it"},
      {"a blank line before END", [](Text pem) { return replaced(pem, "-----END", "\n-----END"); },
       "has blank lines in it"},
      {"a quoted mail", [](Text pem) { return before("> ", pem); }, "has a mark before its lines"},
      {"a variable", [](Text pem) { return "export PEM=" + pem; }, "has text before BEGIN"},
      {"a quoted variable", [](Text pem) { return "PEM=\"" + pem + "\"\n"; }, "is in quotes"},
      {"JSON", [=](Text pem) { return "{\"a\":1,\"pem\":\"" + escaped(pem) + "\"}\n"; },
       "is inside of JSON and has escaped line ends (\\n)"},
      {"JSON without its last line end",
       [=](Text pem) { return "{\"pem\":\"" + escaped(pem.substr(0, pem.size() - 1)) + "\"}"; },
       "is inside of JSON"},
      {"pretty JSON",
       [=](Text pem) { return "{\n  \"pem\": \"" + escaped(pem) + "\",\n  \"b\": 2\n}\n"; },
       "is inside of JSON"},
      {"a list of JSON", [=](Text pem) { return "[\"" + escaped(pem) + "\"]\n"; },
       "is inside of JSON"},
      {"a block of YAML", [](Text pem) { return "tls:\n  pem: |\n" + before("    ", pem); },
       "is inside of YAML"},
      {"a folded block of YAML", [](Text pem) { return "pem: >-\n" + before("  ", pem); },
       "is inside of YAML"},
      {"a quoted value of YAML", [=](Text pem) { return "pem: \"" + escaped(pem) + "\"\n"; },
       "is inside of YAML and has escaped line ends (\\n)"},
      {"UTF-16 with a mark", [](Text pem) { return "\xFF\xFE" + utf16(pem, false); },
       "is UTF-16 text"},
      {"UTF-16, big end first", [](Text pem) { return "\xFE\xFF" + utf16(pem, true); },
       "is UTF-16 text"},
      {"UTF-16 without a mark", [](Text pem) { return utf16(pem, false); }, "is UTF-16LE text"},
      {"UTF-16BE without a mark", [](Text pem) { return utf16(pem, true); }, "is UTF-16BE text"},
      {"base64 of PEM", [](Text pem) { return encodeBase64(pem); },
       "is PEM that is encoded in base64"},
      {"base64 in lines", [](Text pem) { return wrapped(encodeBase64(pem), 76); },
       "is PEM that is encoded in base64"},
      {"base64 of base64", [](Text pem) { return encodeBase64(encodeBase64(pem)); },
       "is PEM that is encoded in base64 2 times"},
      {"the manifest of a Secret",
       [](Text pem) { return "kind: Secret\ndata:\n  tls.crt: " + encodeBase64(pem) + "\n"; },
       "holds PEM that is encoded in base64, as the manifest of a Secret does"},
      {"base64 without its armour", [](Text pem) { return wrapped(encodeBase64(derOf(pem)), 64); },
       "as DER, encoded in base64 without BEGIN and END lines"},
      {"DER", [](Text pem) { return derOf(pem); }, "as DER"},
      {"commented out", [](Text pem) { return before("# ", pem); }, "is commented out"},
  };
  return shapes;
}

class PemShapeTest : public ::testing::Test {
 protected:
  // One setting that reads PEM.
  struct Role {
    const char* name;
    std::string good;  // what it expects
    // Loads it with `pem` there; the error, or "".
    std::function<std::string(const std::string& pem)> load;
    bool mends = false;  // also runs the commands, which are the same for every file of this kind
  };

  std::vector<Role> roles() {
    const auto material = [this](Mount& mount) {
      const auto loaded = mount.load();
      return loaded ? std::string() : loaded.error().what;
    };
    const auto server = [this](const std::function<void(config::TlsServer&)>& change) {
      config::TlsServer config;
      config.cert_file = mount_.path("tls.crt");
      config.key_file = mount_.path("tls.key");
      config.client_auth = config::ClientAuth::RequireAndVerify;
      config.client_ca_file = mount_.path("ca.crt");
      change(config);
      const auto loaded = loadServerContext(config, {}, std::chrono::system_clock::now());
      return loaded ? std::string() : loaded.error().what;
    };
    const std::string certificate = client_.certificate();
    const std::string key = client_.key();
    const auto file = [this](const std::string& pem) { return folder_.write("file.pem", pem); };
    return {
        {"ca_file", ca_.certificate(), [=, this](auto& pem) { return material(fresh().ca(pem)); },
         true},
        {"cert_file", certificate,
         [=, this](auto& pem) { return material(fresh().pair(pem, key)); }},
        {"key_file", key, [=, this](auto& pem) { return material(fresh().pair(certificate, pem)); },
         true},
        {"crl_file", ca_.crl({}), [=, this](auto& pem) { return material(fresh().crl(pem)); }},
        {"cert_file of the web configuration", certificate,
         [=, this](auto& pem) {
           fresh();
           return server([&](auto& config) { config.cert_file = file(pem); });
         }},
        {"key_file of the web configuration", key,
         [=, this](auto& pem) {
           fresh();
           return server([&](auto& config) { config.key_file = file(pem); });
         }},
        {"client_ca_file", ca_.certificate(),
         [=, this](auto& pem) {
           fresh();
           return server([&](auto& config) { config.client_ca_file = file(pem); });
         }},
        {"crl_file of the web configuration", ca_.crl({}),
         [=, this](auto& pem) {
           fresh();
           return server([&](auto& config) { config.crl_file = file(pem); });
         }},
        {"certificate of the injector", certificate,
         [=, this](auto& pem) {
           const auto loaded = vouchedFor({ca_.certificate(), pem, Secret(key)}, "scraper",
                                          std::chrono::system_clock::now());
           // A client certificate: this error comes after the file was read.
           return loaded || loaded.error().what.find("does not verify it") != std::string::npos
                      ? std::string()
                      : loaded.error().what;
         }},
    };
  }

  // A mount with only valid files.
  Mount& fresh() {
    mount_.config = {};
    return mount_.ca(ca_).pair(client_);
  }

  // The output of the command in `message` for its file; "" without a command.
  std::string mended(const std::string& message) {
    const auto begin = message.find('`');
    const auto end = message.find(" > new.pem`");
    if (begin == message.npos || end == message.npos || end < begin) return {};
    const auto out = folder_.path() / "mended.pem";
    const std::string command = message.substr(begin + 1, end - begin - 1) + " > " + out.string();
    if (std::system((command + " 2>/dev/null").c_str()) != 0) ADD_FAILURE() << command;
    std::ostringstream content;
    content << std::ifstream(out).rdbuf();
    return content.str();
  }

  // No part of a key is in a message.
  void expectNoByteOf(const std::string& pem, const std::string& message) {
    std::istringstream lines(pem);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("-----") || line.size() < 16) continue;
      for (std::size_t at = 0; at + 16 <= line.size(); at += 8)
        EXPECT_THAT(message, Not(HasSubstr(line.substr(at, 16))));
    }
  }

  std::string certificateError(const std::string& content) {
    const auto loaded = fresh().ca(content).load();
    return loaded ? "" : replaced(loaded.error().what, mount_.path("ca.crt"), "FILE");
  }
  std::string keyError(const std::string& content) {
    const auto loaded = fresh().pair(client_.certificate(), content).load();
    return loaded ? "" : replaced(loaded.error().what, mount_.path("tls.key"), "FILE");
  }

  testing::TemporaryFolder folder_;
  Mount mount_;
  Identity ca_ = makeAuthority();
  Identity client_ = makeClient(ca_);
};

TEST_F(PemShapeTest, NamesTheShapeInEachRoleAndTheCommandThatMendsIt) {
  for (const auto& role : roles()) {
    EXPECT_EQ(role.load(role.good), "") << role.name;
    for (const auto& shape : textShapes()) {
      SCOPED_TRACE(std::string(role.name) + ": " + shape.name);
      const auto message = role.load(shape.make(role.good));
      EXPECT_THAT(message, HasSubstr(shape.words));
      EXPECT_THAT(message, Not(HasSubstr("swapped")));
      expectNoByteOf(role.good, message);
      const bool crl_as_der = shape.words == "as DER" && role.name == std::string_view("crl_file");
      if (!role.mends && !crl_as_der) continue;
      EXPECT_EQ(role.load(mended(message)), "") << message;
    }
  }
}

TEST_F(PemShapeTest, TakesWhatOpenSslReads) {
  const std::vector<TextShape> shapes = {
      {"CRLF", [](auto& pem) { return replaced(pem, "\n", "\r\n"); }, ""},
      {"a byte order mark", [](auto& pem) { return "\xEF\xBB\xBF" + pem; }, ""},
      {"no line end at the end", [](auto& pem) { return pem.substr(0, pem.size() - 1); }, ""},
      {"blanks at the ends of lines", [](auto& pem) { return replaced(pem, "\n", "  \n"); }, ""},
      {"text around it", [](auto& pem) { return "Bag Attributes\n  a: b\n" + pem + "text\n"; }, ""},
      {"a comment that names the lines",
       [](auto& pem) { return "# from -----BEGIN CERTIFICATE----- on\n" + pem; }, ""},
      {"prose that names the lines",
       [](auto& pem) {
         return "Paste what is between -----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----, "
                "and the certificate after -----BEGIN CERTIFICATE----- here:\n" +
                pem;
       },
       ""},
      {"one that is commented out", [](auto& pem) { return before("#", pem) + pem; }, ""},
      {"a long line",
       [](auto& pem) {
         const auto begin = pem.find('\n') + 1;
         const auto end = pem.find("\n-----END");
         return pem.substr(0, begin) + replaced(pem.substr(begin, end - begin), "\n", "") +
                pem.substr(end);
       },
       ""},
  };
  for (const auto& role : roles()) {
    for (const auto& shape : shapes) {
      EXPECT_EQ(role.load(shape.make(role.good)), "") << role.name << ": " << shape.name;
    }
  }
}

TEST_F(PemShapeTest, NamesEachBlockThatIsLostBesideGoodOnes) {
  const std::string good = ca_.certificate();
  const std::string other = makeAuthority("Other CA").certificate();
  const auto next = std::to_string(std::ranges::count(good, '\n') + 1);
  for (const auto& shape : textShapes()) {
    const auto lost = shape.make(other);
    // A file in another encoding has no other content, and a commented-out block is intended.
    if (shape.words.find("as DER") != std::string::npos || shape.words.starts_with("is UTF") ||
        shape.words.find("base64") != std::string::npos || shape.words == "is commented out" ||
        std::string_view(shape.name).find("JSON") != std::string_view::npos) {
      continue;
    }
    SCOPED_TRACE(shape.name);
    const auto second = certificateError(good + lost);
    EXPECT_THAT(second, HasSubstr("FILE: the certificate at line "));
    EXPECT_THAT(second, HasSubstr(shape.words));
    EXPECT_EQ(certificateError(mended(replaced(second, "FILE", mount_.path("ca.crt")))), "");
    const auto loaded = mount_.load();
    ASSERT_TRUE(loaded);
    EXPECT_EQ((*loaded)->authorities().size(), 2U);
    if (lost.starts_with("\r") || lost.find('\r') != lost.npos) continue;
    EXPECT_THAT(certificateError(lost + '\n' + good), HasSubstr("FILE: the certificate at line "));
  }
  EXPECT_THAT(certificateError(good + before(" ", other)),
              HasSubstr("the certificate at line " + next + " is indented, so OpenSSL"));
}

TEST_F(PemShapeTest, NamesSeveralLostBlocks) {
  const std::string pem = ca_.certificate();
  const auto lines = static_cast<std::size_t>(std::ranges::count(pem, '\n'));
  const auto line = [&](std::size_t block) { return std::to_string(block * lines + 1); };
  const std::string indented = before(" ", pem);

  EXPECT_THAT(certificateError(indented + pem + before("> ", pem)),
              HasSubstr("the certificate at line 1 is indented, the certificate at line " +
                        line(2) + " has a mark before its lines, so OpenSSL does not read them"));
  EXPECT_THAT(certificateError(indented + indented + indented + indented + indented),
              HasSubstr("the certificate at line " + line(2) + " is indented and 2 more"));
  // Two files of which the first had no line end
  EXPECT_THAT(certificateError(pem.substr(0, pem.size() - 1) + pem),
              HasSubstr("the certificate at line " + std::to_string(lines) +
                        " begins on the line where the block before it ends"));
}

TEST_F(PemShapeTest, NamesWhatIsDamaged) {
  const std::string pem = ca_.certificate();
  const auto lines = static_cast<std::size_t>(std::ranges::count(pem, '\n'));
  const auto second = std::to_string(lines + 1);
  const auto cut = [&](std::size_t bytes) { return pem.substr(0, bytes); };
  const auto marked = [](std::string text) { return text.replace(100, 3, "???"); };

  EXPECT_THAT(certificateError(withoutLine(pem, "END")),
              HasSubstr("the certificate at line 1 has no END line, so OpenSSL does not read it: "
                        "add the line \"-----END CERTIFICATE-----\" after it"));
  EXPECT_THAT(certificateError(withoutLine(pem, "END") + pem),
              HasSubstr("the certificate at line 1 has no END line"));
  EXPECT_THAT(certificateError(pem + cut(pem.size() / 2)),
              HasSubstr("the certificate at line " + second + " is cut off: it has no END line"));
  EXPECT_THAT(
      certificateError(cut(200) + "\n-----END CERTIFICATE-----\n"),
      ::testing::ContainsRegex("the certificate at line 1 is cut off: it has only 1[0-9][0-9] "
                               "of [0-9]+ bytes, .*: write the file again"));
  EXPECT_THAT(certificateError(marked(pem)),
              HasSubstr("has a character in line 3 that is not base64"));
  EXPECT_THAT(certificateError("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
              HasSubstr("the certificate at line 1 is empty"));
  EXPECT_THAT(certificateError(replaced(pem, "END CERTIFICATE", "END X509 CRL")),
              HasSubstr("has different labels after BEGIN and END"));
  EXPECT_THAT(certificateError(withoutLine(client_.key(), "END") + pem),
              HasSubstr("the private key at line 1 has no END line"));
  EXPECT_THAT(keyError(client_.key().substr(0, 100)),
              HasSubstr("FILE: the private key at line 1 is cut off: it has no END line"));
  EXPECT_THAT(keyError(client_.key().substr(0, 100) + "\n-----END PRIVATE KEY-----\n"),
              HasSubstr("FILE: the private key at line 1 is cut off: "));
}

TEST_F(PemShapeTest, NamesWhatIsThereInPlaceOfACertificate) {
  const auto data = [](const char* name) {
    std::ostringstream content;
    content << std::ifstream(testing::dataFolder() / "pem" / name).rdbuf();
    return content.str();
  };
  const std::string csr = data("cert_csr.crt");
  const std::string p7b = data("cert_p7b.crt");
  const auto labeled = [](const std::string& pem, const std::string& from, const std::string& to) {
    return replaced(pem, from + "-----", to + "-----");
  };
  struct Case {
    std::string content;
    std::string words;
  };
  const std::vector<Case> cases = {
      {csr,
       "holds a certificate request (CSR) and no certificate: mount the certificate that the "
       "CA issued for this request, or let a CA of your own sign it with `openssl x509 -req -in "
       "FILE "},
      {derOf(csr), "is a certificate request (CSR) as DER, expected a certificate as PEM: mount"},
      {labeled(csr, "CERTIFICATE REQUEST", "CERTIFICATE"),
       "the certificate at line 1 holds a certificate request (CSR)"},
      {p7b,
       "the certificate at line 1 is a PKCS #7 bag of certificates (.p7b), so OpenSSL does "
       "not read it: fix it with `openssl pkcs7 -print_certs < FILE > new.pem`"},
      {labeled(p7b, "PKCS7", "CERTIFICATE"),
       "the certificate at line 1 holds a PKCS #7 bag of certificates, so OpenSSL does not read "
       "it: fix it with `openssl pkcs7 -print_certs < FILE > new.pem`"},
      {labeled(p7b, "PKCS7", "CMS"), "the certificate at line 1 is a PKCS #7 bag of certificates"},
      {derOf(p7b),
       "is a PKCS #7 bag of certificates as DER, expected a certificate as PEM: convert "
       "it with `openssl pkcs7 -inform DER -print_certs < FILE > new.pem`"},
      {encodeBase64(derOf(p7b)), "is a PKCS #7 bag of certificates as DER, encoded in base64"},
      {labeled(ca_.certificate(), "CERTIFICATE", "CERT"),
       "the certificate at line 1 has another label than CERTIFICATE"},
      {client_.key(),
       "holds a private key and no certificate: write the certificate into it, or "
       "correct the file name"},
      {client_.encryptedKey("hunter2"), "holds a private key and no certificate"},
      {client_.keyDer(), "is a private key as DER, expected a certificate as PEM: write"},
      {ca_.crl({}), "holds a CRL and no certificate: name this file in crl_file"},
      {client_.bundle("hunter2"),
       "is a PKCS #12 bundle, expected a certificate as PEM: convert it with `openssl pkcs12 "
       "-nokeys < FILE > new.pem`, or name the bundle in pkcs12_file if it is the client's"},
      {std::string("\xFE\xED\xFE\xED\0\0\0\2", 8),
       "is a Java keystore (JKS), expected a certificate as PEM: convert it with `keytool "
       "-importkeystore -srckeystore FILE -srcstoretype JKS -destkeystore new.p12 -deststoretype "
       "PKCS12`, then `openssl pkcs12 -nokeys < new.p12 > new.pem`"},
      {std::string("\xCE\xCE\xCE\xCE\0\0\0\2", 8), "is a Java keystore (JCEKS)"},
      {std::string("\0\0\0\2\0\0\0\x14", 8) + "salt", "is a Bouncy Castle keystore (BKS)"},
      {std::string("\x1F\x8B\x08\0", 4), "is compressed by gzip"},
      {"<!DOCTYPE html><html><body>404</body></html>",
       "is HTML or XML, expected a certificate as "
       "PEM: it may be the error page of a server"},
      {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ user@host\n", "is an OpenSSH public key"},
      {"ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2E= user\n",
       "is an OpenSSH certificate, which is not X.509"},
      {"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
       "\n-----END PUBLIC KEY-----\n",
       "holds a public key and no certificate: mount the certificate that was issued for this key"},
      {"{{ .Values.tls.crt }}", "is a template without its values"},
      {"{\"kty\":\"EC\"}", "is JSON without PEM"},
      {"$ANSIBLE_VAULT;1.1;AES256\n6162", "is encrypted by Ansible Vault"},
      {"hunter2", "holds no PEM block: write the certificate into it, as PEM"},
      {"", "is empty: write the certificate into it, as PEM"},
      {" \r\n", "is empty: write the certificate into it, as PEM"},
      {ca_.certificateDer().substr(0, 100), "is DER that was cut off (100 of "},
      {std::string("\1\2\3", 3), "is neither text nor DER"},
  };
  for (const auto& [content, words] : cases) {
    const auto message = certificateError(content);
    EXPECT_THAT(message, HasSubstr("FILE: " + words)) << content.substr(0, 60);
    EXPECT_THAT(message, Not(HasSubstr("swapped")));
    if (words.find("PKCS #7") == words.npos && words.find("label") == words.npos) continue;
    EXPECT_EQ(certificateError(mended(replaced(message, "FILE", mount_.path("ca.crt")))), "")
        << message;
  }
}

TEST_F(PemShapeTest, NamesWhatIsThereInPlaceOfAKey) {
  const std::string open_ssh = std::string("openssh-key-v1\0", 15) +
                               std::string("\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1", 24);
  const auto inArmour = [](const std::string& label, const std::string& bytes) {
    return "-----BEGIN " + label + "-----\n" + wrapped(encodeBase64(bytes), 70) + "-----END " +
           label + "-----\n";
  };
  struct Case {
    std::string content;
    std::string words;
  };
  const std::vector<Case> cases = {
      {client_.certificate(),
       "holds a certificate and no private key: write the private key into "
       "it, or correct the file name"},
      {inArmour("OPENSSH PRIVATE KEY", open_ssh + "ssh-rsa"),
       "the private key at line 1 is in OpenSSH's form (BEGIN OPENSSH PRIVATE KEY), so OpenSSL "
       "does not read it: convert it with `cp FILE new.pem` and `ssh-keygen -p -m PEM -f new.pem`"},
      {inArmour("OPENSSH PRIVATE KEY", open_ssh + "ssh-ed25519"),
       "the private key at line 1 is in OpenSSH's form (BEGIN OPENSSH PRIVATE KEY), so OpenSSL "
       "does not read it: TLS cannot use this one"},
      {"  " + replaced(inArmour("OPENSSH PRIVATE KEY", open_ssh + "ssh-rsa"), "\n", "\n  "),
       "the private key at line 1 is indented"},
      {inArmour("SSH2 ENCRYPTED PRIVATE KEY", "\x3F\x6F\xF9\xEB and so on, and so on"),
       "the private key at line 1 is in the form of SSH2"},
      {"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n",
       "is a PuTTY key, expected a private key as PEM: convert it with `puttygen FILE "},
      {"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= user@host\n",
       "is an OpenSSH public key, expected a private key as PEM: mount the private key that it "
       "belongs to"},
      {"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
       "\n-----END PUBLIC KEY-----\n",
       "holds a public key and no private key: mount the private key that it belongs to"},
      {"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
       "holds a block with the parameters of a key and no private key"},
      {client_.keyDer(),
       "is a private key as DER, expected a private key as PEM: convert it with "
       "`openssl pkey -inform DER < FILE > new.pem`"},
      {derOf(client_.encryptedKey("hunter2")),
       "is a private key that is encrypted as DER, expected a private key as PEM: convert it with "
       "`openssl pkey -inform DER -aes256 < FILE > new.pem`"},
      {client_.bundle(""),
       "is a PKCS #12 bundle, expected a private key as PEM: convert it with "
       "`openssl pkcs12 -nocerts -nodes < FILE > new.pem`"},
      {std::string("\xFE\xED\xFE\xED\0\0\0\2", 8), "is a Java keystore (JKS)"},
      {before("  ", client_.encryptedKey("hunter2")), "the private key at line 1 is indented"},
      {inArmour("KEY", client_.keyDer()),
       "the private key at line 1 has another label than PRIVATE KEY"},
      {inArmour("PRIVATE KEY", client_.certificateDer()),
       "the private key at line 1 holds a certificate"},
      {"", "is empty: write the private key into it, as PEM"},
  };
  for (const auto& [content, words] : cases) {
    SCOPED_TRACE(words);
    const auto message = keyError(content);
    EXPECT_THAT(message, HasSubstr("FILE: " + words));
    EXPECT_THAT(message, Not(HasSubstr("swapped")));
    expectNoByteOf(content, message);
  }
}

TEST_F(PemShapeTest, SaysHowToWriteAValueOfTheWebConfiguration) {
  config::TlsServer config;
  config.cert = replaced(client_.certificate(), "\n", " ");
  config.key = Secret(client_.key());
  const auto loaded = loadServerContext(config, {}, std::chrono::system_clock::now());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().what,
            "tls_server_config.cert: the certificate at line 1 is on one line, so OpenSSL does not "
            "read it: write it as a block of YAML (`cert: |`), each line of the file in a line "
            "of its own");
}

TEST_F(PemShapeTest, NamesTheLostOnesOfFilesFromTheField) {
  struct Case {
    const char* file;
    std::string words;
    std::size_t certificates;  // after the conversion
  };
  const std::vector<Case> cases = {
      {"first_indented.crt", "the certificate at line 1 is indented", 2},
      {"second_escaped.crt", "the certificate at line 20 has escaped line ends (\\n)", 2},
      {"second_trusted.crt",
       "the certificate at line 20 is in OpenSSL's own form (BEGIN TRUSTED CERTIFICATE)", 2},
      {"cert_escaped.crt", "the certificate at line 1 has escaped line ends (\\n)", 1},
      {"cert_p7b.crt", "the certificate at line 1 is a PKCS #7 bag of certificates (.p7b)", 1},
  };
  for (const auto& [file, words, certificates] : cases) {
    const auto path = testing::dataFolder() / "pem" / file;
    std::ostringstream content;
    content << std::ifstream(path).rdbuf();
    const auto message = certificateError(content.str());
    EXPECT_THAT(message, HasSubstr("FILE: " + words)) << file;
    EXPECT_EQ(certificateError(mended(replaced(message, "FILE", path))), "") << message;
    const auto loaded = mount_.load();
    ASSERT_TRUE(loaded);
    EXPECT_EQ((*loaded)->authorities().size(), certificates) << file;
  }
}

}  // namespace
}  // namespace postern::tls
