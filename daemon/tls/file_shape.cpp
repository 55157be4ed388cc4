#include "tls/file_shape.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace postern::tls {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPemInBase64 = "LS0tLS1CRUdJTi";  // "-----BEGIN"
constexpr int kMostLayers = 3;                               // layers of base64

bool isBinary(std::string_view content) {
  return std::ranges::any_of(content,
                             [](char byte) { return static_cast<unsigned char>(byte) < 9; });
}

// Files with magic bytes.
struct FileMagic {
  std::string_view bytes;
  std::string_view is;
  std::string_view store;   // keytool's -srcstoretype; empty: not a keystore
  std::string_view filter;  // empty: no filter helps
};
constexpr std::array<FileMagic, 7> kMagics = {{
    {"\xFE\xED\xFE\xED"sv, "is a Java keystore (JKS)", "JKS", ""},
    {"\xCE\xCE\xCE\xCE"sv, "is a Java keystore (JCEKS)", "JCEKS", ""},
    {"\0\0\0\1\0\0\0\x14"sv, "is a Bouncy Castle keystore (BKS)", "BKS", ""},
    {"\0\0\0\2\0\0\0\x14"sv, "is a Bouncy Castle keystore (BKS)", "BKS", ""},
    {"\x1F\x8B"sv, "is compressed by gzip", "", "gunzip"},
    {"PK\3\4"sv, "is a ZIP archive", "", ""},
    {"\x1E\xF1\xB5\xB0"sv, "is a private key of Microsoft's (PVK)", "", "openssl rsa -inform PVK"},
}};

// Texts with a typical beginning.
struct Opening {
  std::string_view words;
  std::string_view is;
  std::string_view remedy;  // FILE stands for the name of the file
};
constexpr std::array<Opening, 10> kOpenings = {{
    {"<", "is HTML or XML", "it may be the error page of a server: fetch the file again"},
    {"PuTTY-User-Key-File-", "is a PuTTY key",
     "convert it with `puttygen FILE -O private-openssh -o new.key`, then `ssh-keygen -p -m PEM -f "
     "new.key`"},
    {"ssh-", "is an OpenSSH public key", ""},
    {"ecdsa-sha2-", "is an OpenSSH public key", ""},
    {"sk-", "is an OpenSSH public key", ""},
    {"$ANSIBLE_VAULT;", "is encrypted by Ansible Vault",
     "decrypt it with `ansible-vault decrypt --output new.pem FILE`"},
    {"version https://git-lfs", "is a pointer of Git LFS",
     "run `git lfs pull`, and mount the file that it fetches"},
    {"{{", "is a template without its values", "mount what the template is rendered to"},
    {"${", "is a template without its values", "mount what the template is rendered to"},
    {"{", "is JSON without PEM", "write only the PEM text into it"},
}};

std::string keystoreRemedy(std::string_view type, ExpectedPem wanted, const std::string& file) {
  std::string options = " -srcstoretype " + std::string(type);
  if (type.starts_with("BC") || type.starts_with("BK")) {
    options +=
        " -providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath "
        "bcprov.jar";
  }
  std::string text = fmt::format(
      "convert it with `keytool -importkeystore -srckeystore {}{} -destkeystore new.p12 "
      "-deststoretype PKCS12`",
      file, options);
  if (wanted == ExpectedPem::Bundle) return text + ", and mount new.p12";
  const auto filters = conversionOf(Content::Pkcs12, true, wanted);
  return filters.empty() ? text
                         : fmt::format("{}, then {}", text, commandOf(filters, "new.p12", wanted));
}

FileShape derShape(Content found, ExpectedPem wanted, const std::string& file) {
  FileShape shape{"is a " + std::string(nameOf(found)), conversionOf(found, true, wanted), ""};
  if (found != Content::Pkcs12) shape.is += " as DER";
  if (found == Content::Pkcs12 && !shape.filters.empty()) {
    shape.remedy = ", or name the bundle in pkcs12_file if it is the client's";
  } else if (shape.filters.empty()) {
    shape.remedy = insteadOf(found, wanted, file);
  }
  return shape;
}

std::optional<FileShape> binaryShape(std::string_view content, ExpectedPem wanted,
                                     const std::string& file) {
  const auto* const magic = std::ranges::find_if(
      kMagics, [&](const FileMagic& one) { return content.starts_with(one.bytes); });
  if (magic != kMagics.end()) {
    const std::string is(magic->is);
    if (!magic->filter.empty()) return FileShape{is, {std::string(magic->filter)}, ""};
    if (!magic->store.empty()) {
      return FileShape{is, {}, keystoreRemedy(magic->store, wanted, file)};
    }
    return FileShape{is, {}, "unpack it, and mount the file that is in it"};
  }
  const auto found = contentOf(content);
  if (found == Content::BouncyCastle) {
    return FileShape{
        "is a " + std::string(nameOf(found)), {}, keystoreRemedy("BCFKS", wanted, file)};
  }
  if (found != Content::Other) return derShape(found, wanted, file);
  if (!isBinary(content)) return std::nullopt;
  const auto size = derSize(content);
  if (size > content.size()) {
    return FileShape{fmt::format("is DER that was cut off ({} of {} bytes)", content.size(), size),
                     {},
                     "write the file again"};
  }
  return FileShape{size > 0 ? "is DER of an unknown kind" : "is neither text nor DER",
                   {},
                   "write the file again"};
}

std::optional<FileShape> wideShape(std::string_view content) {
  constexpr auto kLittle = "B\0E\0G\0I\0N\0"sv;
  constexpr auto kBig = "\0B\0E\0G\0I\0N"sv;
  const auto from = [](const std::string& encoding) {
    return FileShape{
        fmt::format("is {} text", encoding), {fmt::format("iconv -f {} -t UTF-8", encoding)}, ""};
  };
  if (content.starts_with("\xFF\xFE\0\0"sv)) return from("UTF-32");
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) return from("UTF-16");
  if (content.starts_with('\0') && contains(content, kBig)) return from("UTF-16BE");
  if (contains(content, kLittle)) return from("UTF-16LE");
  return std::nullopt;
}

// The shape of the bytes that base64 encodes.
std::optional<FileShape> decodedShape(std::string_view decoded, ExpectedPem wanted,
                                      const std::string& file) {
  const auto found = contentOf(decoded);
  if (found == Content::Pkcs12 && wanted == ExpectedPem::Bundle)
    return FileShape{"is a bundle", {}, ""};
  auto shape = binaryShape(decoded, wanted, "decoded");
  const bool keystore = shape && contains(shape->is, "keystore");
  if (!keystore && found == Content::Other) return std::nullopt;
  if (shape->filters.empty()) {
    shape->remedy =
        fmt::format("decode it with `base64 -d < {} > decoded`, then {}", file, shape->remedy);
  }
  return shape;
}

std::optional<FileShape> base64Shape(std::string_view content, ExpectedPem wanted,
                                     const std::string& file, int layers = 1) {
  constexpr std::size_t kShortest = 40;
  if (layers > kMostLayers || content.size() < kShortest || !isBase64(content)) return std::nullopt;
  const auto decoded = base64Decoded(content);
  std::optional<FileShape> shape;
  if (contains(decoded.reveal(), "-----BEGIN ")) {
    const std::string times = layers == 1 ? "" : fmt::format(" {} times", layers);
    shape = FileShape{"is PEM that is encoded in base64" + times, {}, ""};
  } else if (shape = base64Shape(decoded.reveal(), wanted, file, layers + 1); !shape) {
    shape = decodedShape(decoded.reveal(), wanted, file);
    if (shape) shape->is += ", encoded in base64 without BEGIN and END lines";
  }
  if (shape && (shape->remedy.empty() || !shape->filters.empty())) {
    shape->filters.insert(shape->filters.begin(), "base64 -d");
  }
  return shape;
}

std::optional<FileShape> textShape(std::string_view content, ExpectedPem wanted,
                                   const std::string& file) {
  if (contains(content, kPemInBase64)) {
    return FileShape{"holds PEM that is encoded in base64, as the manifest of a Secret does",
                     {"grep -o 'LS0t[A-Za-z0-9+/=]*'",
                      "while read -r block; do echo \"$block\" | base64 -d; echo; done"},
                     ""};
  }
  const auto* const opening = std::ranges::find_if(
      kOpenings, [&](const Opening& one) { return content.starts_with(one.words); });
  if (opening == kOpenings.end()) return std::nullopt;
  FileShape shape{std::string(opening->is), {}, std::string(opening->remedy)};
  if (contains(content.substr(0, content.find(' ')), "-cert-v01@openssh.com")) {
    shape.is = "is an OpenSSH certificate, which is not X.509";
  }
  if (shape.remedy.empty()) shape.remedy = insteadOf(Content::PublicKey, wanted, file);
  if (const auto at = shape.remedy.find("FILE"); at != std::string::npos) {
    shape.remedy.replace(at, 4, file);
  }
  return shape;
}

std::string insteadOfCertificate(Content content, const std::string& file) {
  switch (content) {
    case Content::Request:
      return fmt::format(
          "mount the certificate that the CA issued for this request, or let a CA of your own sign "
          "it "
          "with `openssl x509 -req -in {} -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out "
          "new.pem`",
          file);
    case Content::PublicKey: return "mount the certificate that was issued for this key";
    case Content::Crl: return "name this file in crl_file, and mount the certificate here";
    default: return "write the certificate into it, or correct the file name";
  }
}

std::string insteadOfKey(Content content) {
  switch (content) {
    case Content::PublicKey:
      return "mount the private key that it belongs to, which cannot be made from it";
    case Content::Request:
      return "mount the private key that the request was made with (-keyout of `openssl req`)";
    case Content::Parameters: return "mount the private key that was made with them";
    default: return "write the private key into it, or correct the file name";
  }
}

}  // namespace

std::string_view nameOf(ExpectedPem wanted) {
  switch (wanted) {
    case ExpectedPem::Certificate: return "certificate";
    case ExpectedPem::Crl: return "CRL";
    case ExpectedPem::Key: return "private key";
    case ExpectedPem::Bundle: break;
  }
  return "PKCS #12 bundle";
}

std::string commandOf(const std::vector<std::string>& filters, const std::string& file,
                      ExpectedPem wanted) {
  std::string text;
  for (const auto& filter : filters) {
    text += (text.empty() ? "`" : " | ") + filter;
    if (&filter == &filters.front()) text += " < " + file;
  }
  return text + (wanted == ExpectedPem::Bundle ? " > new.p12`" : " > new.pem`");
}

std::vector<std::string> conversionOf(Content content, bool der, ExpectedPem wanted) {
  const std::string from = der ? " -inform DER" : "";
  const bool certificate = wanted == ExpectedPem::Certificate;
  const bool key = wanted == ExpectedPem::Key;
  switch (content) {
    case Content::Certificate:
      if (certificate) return {"openssl x509" + from};
      break;
    case Content::Pkcs7:
      if (certificate) return {fmt::format("openssl pkcs7{} -print_certs", from)};
      break;
    case Content::Crl:
      if (wanted == ExpectedPem::Crl) return {"openssl crl" + from};
      break;
    case Content::Key:
      if (key) return {"openssl pkey" + from};
      break;
    case Content::EncryptedKey:
      if (key) return {fmt::format("openssl pkey{} -aes256", from)};
      break;
    case Content::Pkcs12:
      if (certificate) return {"openssl pkcs12 -nokeys"};
      if (key) return {"openssl pkcs12 -nocerts -nodes"};
      break;
    default: break;
  }
  return {};
}

std::string insteadOf(Content content, ExpectedPem wanted, const std::string& file) {
  switch (wanted) {
    case ExpectedPem::Certificate: return insteadOfCertificate(content, file);
    case ExpectedPem::Key: return insteadOfKey(content);
    case ExpectedPem::Crl: return "mount the CRL that the CA publishes, or correct the file name";
    case ExpectedPem::Bundle: break;
  }
  return "make a bundle of the certificate and its key with `openssl pkcs12 -export -in tls.crt "
         "-inkey tls.key -out new.p12`";
}

std::optional<FileShape> shapeOf(std::string_view content, ExpectedPem wanted,
                                 const std::string& file) {
  if (auto wide = wideShape(content)) return wide;
  if (auto binary = binaryShape(content, wanted, file)) return binary;
  if (auto base64 = base64Shape(trimmed(content, kWhiteSpace), wanted, file)) return base64;
  return textShape(trimmed(content, kWhiteSpace), wanted, file);
}

}  // namespace postern::tls
