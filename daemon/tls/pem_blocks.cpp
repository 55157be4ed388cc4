#include "tls/pem_blocks.h"

#include <algorithm>
#include <array>
#include <optional>

namespace postern::tls {
namespace {

struct PemLabel {
  std::string_view name;
  Content content;
  bool right;  // OpenSSL reads it where such content is expected
};
constexpr std::array<PemLabel, 22> kLabels = {{
    {"CERTIFICATE", Content::Certificate, true},
    {"X509 CERTIFICATE", Content::Certificate, true},
    {"TRUSTED CERTIFICATE", Content::Certificate, false},
    {"PKCS7", Content::Pkcs7, false},
    {"PKCS #7 SIGNED DATA", Content::Pkcs7, false},
    {"CMS", Content::Pkcs7, false},
    {"CERTIFICATE REQUEST", Content::Request, false},
    {"NEW CERTIFICATE REQUEST", Content::Request, false},
    {"X509 CRL", Content::Crl, true},
    {"PRIVATE KEY", Content::Key, true},
    {"ENCRYPTED PRIVATE KEY", Content::Key, true},
    {"RSA PRIVATE KEY", Content::Key, true},
    {"EC PRIVATE KEY", Content::Key, true},
    {"DSA PRIVATE KEY", Content::Key, true},
    {"OPENSSH PRIVATE KEY", Content::Key, false},
    {"SSH2 ENCRYPTED PRIVATE KEY", Content::Key, false},
    {"PUBLIC KEY", Content::PublicKey, false},
    {"RSA PUBLIC KEY", Content::PublicKey, false},
    {"SSH2 PUBLIC KEY", Content::PublicKey, false},
    {"EC PARAMETERS", Content::Parameters, false},
    {"DH PARAMETERS", Content::Parameters, false},
    {"PKCS12", Content::Pkcs12, false},
}};

constexpr std::string_view kLineEnds = "\r\n";

// "-----BEGIN CERTIFICATE-----", or an attempt at it.
struct Marker {
  std::size_t begin;
  std::size_t end;
  std::string_view label;
  bool right_dashes;
};

struct Dashes {
  std::size_t count = 0;
  std::size_t bytes = 0;  // with adjacent blanks
  bool right = false;     // five ASCII dashes, without blanks
};

// A Unicode dash. Word processors make them of two or three ASCII dashes.
bool beginsWithWideDash(std::string_view text) {
  if (text.starts_with("\xE2\x88\x92")) return true;
  return text.size() >= 3 && text.starts_with("\xE2\x80") && text[2] >= '\x90' && text[2] <= '\x95';
}

Dashes dashesBefore(std::string_view text) {
  Dashes dashes;
  bool plain = true;
  if (text.ends_with(' ')) {
    dashes.bytes = 1;
    plain = false;
  }
  while (dashes.bytes < text.size()) {
    const auto rest = text.substr(0, text.size() - dashes.bytes);
    const bool wide = rest.size() >= 3 && beginsWithWideDash(rest.substr(rest.size() - 3));
    if (!wide && !rest.ends_with('-')) break;
    dashes.bytes += wide ? 3 : 1;
    plain = plain && !wide;
    ++dashes.count;
  }
  dashes.right = plain && dashes.count == 5;
  return dashes;
}

Dashes dashesAfter(std::string_view text) {
  Dashes dashes;
  bool plain = true;
  const auto blanks = std::min(text.find_first_not_of(' '), text.size());
  while (blanks + dashes.bytes < text.size()) {
    const auto rest = text.substr(blanks + dashes.bytes);
    const bool wide = beginsWithWideDash(rest);
    if (!wide && !rest.starts_with('-')) break;
    dashes.bytes += wide ? 3 : 1;
    plain = plain && !wide;
    ++dashes.count;
  }
  dashes.right = plain && blanks == 0 && dashes.count == 5;
  if (dashes.count > 0) dashes.bytes += blanks;
  return dashes;
}

std::string_view labelAt(std::string_view text) {
  constexpr std::string_view kOfLabels = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 #.";
  constexpr std::size_t kLongest = 40;
  auto label = text.substr(0, std::min(text.find_first_not_of(kOfLabels), kLongest));
  while (label.ends_with(' ')) label.remove_suffix(1);
  return label;
}

// The next marker at or after `from`. `word` is "BEGIN " or "END ".
std::optional<Marker> findMarker(std::string_view text, std::string_view word, std::size_t from) {
  for (auto at = text.find(word, from); at != text.npos; at = text.find(word, at + word.size())) {
    const auto before = dashesBefore(text.substr(from, at - from));
    const auto label = labelAt(text.substr(at + word.size()));
    if (before.count == 0 || label.empty()) continue;
    const auto label_end = at + word.size() + label.size();
    const auto after = dashesAfter(text.substr(label_end));
    return Marker{at - before.bytes, label_end + after.bytes, label, before.right && after.right};
  }
  return std::nullopt;
}

bool isEncryptedInTheOldWay(std::string_view body) {
  return body.find("Proc-Type:") != body.npos;
}

// Whether it begins like a certificate or key, not like prose.
bool isPlausible(std::string_view body) {
  constexpr std::size_t kEnough = 160;
  if (isEncryptedInTheOldWay(body)) return true;
  const auto begin = base64Decoded(body.substr(0, kEnough));
  const auto bytes = begin.reveal();
  return bytes.size() >= 16 && (derSize(bytes) > 0 || bytes.starts_with("openssh-key-v1") ||
                                bytes.starts_with("\x3F\x6F\xF9\xEB"));  // ssh.com
}

std::size_t lineBegin(std::string_view text, std::size_t at) {
  const auto end = text.substr(0, at).find_last_of(kLineEnds);
  return end == text.npos ? 0 : end + 1;
}

std::size_t lineEnd(std::string_view text, std::size_t at) {
  return std::min(text.find_first_of(kLineEnds, at), text.size());
}

// Counts \r\n as one line end, and each of the two alone as well.
std::size_t lineEndsIn(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (text[i] == '\n' || (text[i] == '\r' && !pair)) ++count;
  }
  return count;
}

void applyLabel(PemBlock& block) {
  const auto* const known = std::ranges::find(kLabels, block.label, &PemLabel::name);
  if (known != kLabels.end()) {
    block.known = true;
    block.content = known->content;
    block.right_label = known->right;
    return;
  }
  block.content = contentOf(base64Decoded(block.body).reveal());
}

// `begin` is the marker of the block. The block ends before `limit`, where the next one begins.
PemBlock blockAt(std::string_view text, const Marker& begin, std::size_t limit,
                 std::size_t end_of_last) {
  PemBlock block;
  const auto line_begin = lineBegin(text, begin.begin);
  const auto prefix_begin = std::max(line_begin, end_of_last);
  block.label = begin.label;
  block.right_dashes = begin.right_dashes;
  block.glued = end_of_last > line_begin;
  block.text = text.substr(line_begin, limit - line_begin);
  block.prefix = text.substr(prefix_begin, begin.begin - prefix_begin);
  const auto own = text.substr(0, limit);
  block.rest = own.substr(begin.end, lineEnd(own, begin.end) - begin.end);
  const auto end = findMarker(own, "END ", begin.end);
  block.body = own.substr(begin.end, (end ? end->begin : limit) - begin.end);
  block.armour = own.substr(begin.begin, (end ? end->end : limit) - begin.begin);
  if (end) {
    const auto end_begin = std::max(lineBegin(own, end->begin), begin.end);
    block.end_line = own.substr(end_begin, lineEnd(own, end->end) - end_begin);
    block.end_label = end->label;
    block.right_dashes = block.right_dashes && end->right_dashes;
  }
  applyLabel(block);
  return block;
}

}  // namespace

bool isCommentedOut(const PemBlock& block) {
  const auto at = block.prefix.find_first_not_of(" \t");
  if (at == block.prefix.npos) return false;
  const auto begin = block.prefix.substr(at);
  return begin.starts_with('#') || begin.starts_with(';');
}

void visitBlocks(std::string_view text, const std::function<bool(const PemBlock&)>& visit) {
  std::size_t end_of_last = 0;
  std::size_t line = 1;
  std::size_t counted = 0;  // bytes whose line ends `line` includes
  auto next = findMarker(text, "BEGIN ", 0);
  while (next) {
    const auto begin = *next;
    next = findMarker(text, "BEGIN ", begin.end);
    auto block = blockAt(text, begin, next ? next->begin : text.size(), end_of_last);
    line += lineEndsIn(text.substr(counted, begin.begin - counted));
    counted = begin.begin;
    block.line = line;
    block.last_line = line + lineEndsIn(block.armour);
    if (!block.end_label.empty()) end_of_last = begin.begin + block.armour.size();
    const bool seen = block.right_dashes && block.prefix.empty() && !block.glued;
    if (!seen && !isPlausible(block.body)) continue;
    if (!visit(block)) return;
  }
}

}  // namespace postern::tls
