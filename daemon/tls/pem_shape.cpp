#include "tls/pem_shape.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"
#include "tls/file_shape.h"
#include "tls/openssl.h"
#include "tls/pem_blocks.h"
#include "tls/pem_defects.h"

namespace postern::tls {
namespace {

constexpr std::size_t kMostBlocks = 1000;  // blocks to examine in one file
constexpr std::size_t kMostListed = 3;

// A block with the expected label, decoded by OpenSSL.
struct Decoded {
  bool read = false;
  bool encrypted = false;
  Secret der;
};

Decoded decode(const PemBlock& block) {
  const BioPtr reader(BIO_new_mem_buf(block.text.data(), static_cast<int>(block.text.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  Decoded decoded;
  decoded.read = PEM_read_bio(reader.get(), &name, &header, &data, &size) == 1;
  ERR_clear_error();
  if (!decoded.read) return decoded;
  decoded.encrypted = block.label == "ENCRYPTED PRIVATE KEY" || *header != '\0';
  decoded.der = Secret({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  return decoded;
}

bool isWanted(const PemBlock& block, ExpectedPem wanted) {
  switch (wanted) {
    case ExpectedPem::Certificate:
      return block.content == Content::Certificate || block.content == Content::Pkcs7;
    case ExpectedPem::Crl: return block.content == Content::Crl;
    case ExpectedPem::Key:
      return block.content == Content::Key || block.content == Content::EncryptedKey;
    case ExpectedPem::Bundle: break;
  }
  return false;
}

// A block that OpenSSL does not read.
struct Lost {
  std::string what;  // such as "the certificate at line 3 is indented"
  unsigned defects = 0;
  std::vector<std::string> filters;  // filters that make this block readable
  std::string remedy;                // when no filter helps
};

// Filters that read only the lines of `block`, or the whole file when it contains nothing else.
std::vector<std::string> onItsLines(const PemBlock& block, bool alone,
                                    std::vector<std::string> filters) {
  if (alone) return filters;
  filters.insert(filters.begin(), fmt::format("sed -n '{},{}p'", block.line, block.last_line));
  return filters;
}

std::string openSshRemedy(const PemBlock& block, const std::string& file) {
  const auto key = base64Decoded(block.body);
  // ssh-keygen writes these keys only in this format.
  if (contains(key.reveal(), "ssh-ed25519") || contains(key.reveal(), "sk-")) {
    return "TLS cannot use this one (Ed25519), since `ssh-keygen` writes it in no other form: make "
           "a key with `openssl genpkey -algorithm ed25519 -out new.pem`, and have a certificate "
           "issued for it";
  }
  return fmt::format("convert it with `cp {} new.pem` and `ssh-keygen -p -m PEM -f new.pem`", file);
}

// Explains a block whose label or content OpenSSL does not read.
void explainLabel(const PemBlock& block, bool alone, ExpectedPem wanted, const std::string& file,
                  Lost& lost) {
  if (block.label == "TRUSTED CERTIFICATE") {
    lost.what += " is in OpenSSL's own form (BEGIN TRUSTED CERTIFICATE)";
    lost.filters = {"openssl crl2pkcs7 -nocrl -certfile /dev/stdin", "openssl pkcs7 -print_certs"};
  } else if (block.content == Content::Pkcs7) {
    lost.what += " is a PKCS #7 bag of certificates (.p7b)";
    std::vector<std::string> filters = {"openssl pkcs7 -print_certs"};
    if (block.label == "CMS") filters.insert(filters.begin(), "sed 's/ CMS-/ PKCS7-/'");
    lost.filters = onItsLines(block, alone, std::move(filters));
  } else if (block.label == "OPENSSH PRIVATE KEY") {
    lost.what += " is in OpenSSH's form (BEGIN OPENSSH PRIVATE KEY)";
    lost.remedy = openSshRemedy(block, file);
  } else if (block.label == "SSH2 ENCRYPTED PRIVATE KEY") {
    lost.what += " is in the form of SSH2 (BEGIN SSH2 ENCRYPTED PRIVATE KEY)";
    lost.remedy = fmt::format("convert it with `ssh-keygen -i -f {} > new.pem`", file);
  } else {
    const std::string label = wanted == ExpectedPem::Crl           ? "X509 CRL"
                              : wanted == ExpectedPem::Certificate ? "CERTIFICATE"
                              : block.content == Content::Key      ? "PRIVATE KEY"
                                                                   : "ENCRYPTED PRIVATE KEY";
    lost.what += " has another label than " + label;
    lost.filters = onItsLines(
        block, alone,
        {fmt::format("sed -E 's/-----(BEGIN|END) [A-Z0-9 #.]+-----/-----\\1 {}-----/'", label)});
  }
}

void explainSize(std::string_view der, Lost& lost) {
  lost.remedy = "write the file again";
  const auto size = derSize(der);
  if (der.empty()) {
    lost.what += " is empty";
  } else if (size > der.size()) {
    lost.what += fmt::format(" is cut off: it has only {} of {} bytes", der.size(), size);
  } else {
    lost.what += " is damaged";
  }
}

// Explains a block with a right label whose DER does not match it.
void explainContent(const PemBlock& block, std::string_view der, bool alone, ExpectedPem wanted,
                    const std::string& file, Lost& lost) {
  const auto found = contentOf(der);
  if (found != Content::Other && found != block.content) {
    lost.what += " holds a " + std::string(nameOf(found));
    const auto filters = conversionOf(found, false, wanted);
    if (filters.empty()) {
      lost.remedy = insteadOf(found, wanted, file);
    } else {
      lost.filters = onItsLines(block, alone, filters);
    }
    return;
  }
  explainSize(der, lost);
}

// The line of the first character that is not base64, or 0.
std::size_t lineOfBadCharacter(const PemBlock& block) {
  std::size_t line = block.line;
  for (const char byte : block.body) {
    if (byte == '\n') ++line;
    if (!isBase64({&byte, 1})) return line;
  }
  return 0;
}

// Explains a block that OpenSSL does not recognize although each of its lines looks right.
void explainLines(const PemBlock& block, Lost& lost) {
  lost.remedy = "write the file again";
  const auto der = base64Decoded(block.body);
  const bool whole = derSize(der.reveal()) > 0 && derSize(der.reveal()) <= der.size();
  if (block.end_label.empty()) {
    lost.what += whole ? " has no END line" : " is cut off: it has no END line";
    if (whole && block.known) {
      lost.remedy = fmt::format("add the line \"-----END {}-----\" after it", block.label);
    }
  } else if (block.end_label != block.label) {
    lost.what += " has different labels after BEGIN and END";
    lost.remedy = "make them equal";
  } else if (const auto line = lineOfBadCharacter(block); line != 0 && !contains(block.body, ":")) {
    lost.what += fmt::format(" has a character in line {} that is not base64", line);
  } else {
    explainSize(der.reveal(), lost);
  }
}

// Not set when OpenSSL reads it.
std::optional<Lost> lookAt(const PemBlock& block, bool alone, ExpectedPem wanted,
                           const std::string& file) {
  const auto name = block.content == Content::Pkcs7 ? nameOf(wanted) : nameOf(block.content);
  Lost lost{fmt::format("the {} at line {}", name, block.line), 0, {}, {}};
  const auto decoded = decode(block);
  if (isCommentedOut(block)) {
    lost.what += " is commented out";
    lost.defects = kMarked;
  } else if (!decoded.read) {
    lost.defects = defectsOf(block);
    if (lost.defects == 0) explainLines(block, lost);
  } else if (isWanted(block, wanted) && !block.right_label) {
    explainLabel(block, alone, wanted, file, lost);
  } else if (isWanted(block, wanted) && !decoded.encrypted &&
             contentOf(decoded.der.reveal()) != block.content) {
    explainContent(block, decoded.der.reveal(), alone, wanted, file, lost);
  } else {
    return std::nullopt;
  }
  return lost;
}

// "JSON", "YAML", or "".
std::string_view containerOf(std::string_view text, const PemBlock& block) {
  const auto begin = trimmed(text, " \t\r\n");
  if (begin.starts_with('{') || begin.starts_with("[\"") || begin.starts_with("[{")) return "JSON";
  const auto prefix = trimmed(block.prefix, " \t\"'");
  if (prefix.ends_with(':') || prefix == "-") return "YAML";
  const auto above =
      trimmed(text.substr(0, static_cast<std::size_t>(block.text.data() - text.data())), " \t\r\n");
  const auto line = above.substr(above.find_last_of('\n') + 1);
  const auto value = trimmed(line.substr(std::min(line.find(": "), line.size())), ": ");
  const bool scalar = value.starts_with('|') || value.starts_with('>');
  return scalar && !block.prefix.empty() ? "YAML" : "";
}

void describeDefects(std::string_view text, const PemBlock& block, Lost& lost) {
  if (lost.defects == 0 || isCommentedOut(block)) return;
  const auto container = containerOf(text, block);
  const auto first = std::ranges::find_if(
      pemDefects(), [&](const DefectInfo& info) { return (lost.defects & info.defect) != 0; });
  const bool explained = !container.empty() && first->defect > kEscaped;
  if (!container.empty()) lost.what += " is inside of " + std::string(container);
  if (!explained) lost.what += (container.empty() ? " " : " and ") + std::string(first->is);
}

struct LossReport {
  std::vector<Lost> lost;
  std::size_t others = 0;      // number of lost blocks without an explanation
  std::vector<Content> found;  // content of blocks of other kinds
};

LossReport examine(std::string_view pem, ExpectedPem wanted, const std::string& file,
                   bool any_kind) {
  LossReport report;
  std::size_t blocks = 0;
  visitBlocks(pem, [&](const PemBlock&) { return ++blocks < 2; });
  std::size_t seen = 0;
  visitBlocks(pem, [&](const PemBlock& block) {
    if (!isWanted(block, wanted)) report.found.push_back(block.content);
    if (!any_kind && !isWanted(block, wanted)) return ++seen < kMostBlocks;
    if (auto lost = lookAt(block, blocks == 1, wanted, file)) {
      describeDefects(pem, block, *lost);
      report.lost.push_back(*std::move(lost));
    }
    return ++seen < kMostBlocks;
  });
  const bool live = std::ranges::any_of(
      report.lost, [](const Lost& lost) { return !lost.what.ends_with("commented out"); });
  if (live) {
    std::erase_if(report.lost,
                  [](const Lost& lost) { return lost.what.ends_with("commented out"); });
  }
  return report;
}

// The key of a value in the configuration itself, by the name that server_context.cpp gives it;
// empty for a file.
std::string inlineKey(const std::string& file) {
  constexpr std::string_view kSection = "tls_server_config.";
  return file.starts_with(kSection) ? file.substr(kSection.size()) : std::string();
}

std::string mending(const std::vector<Lost>& lost, const std::string& file, ExpectedPem wanted) {
  unsigned defects = 0;
  for (const auto& one : lost) defects |= one.defects;
  if (defects != 0 && !inlineKey(file).empty()) {
    return fmt::format(
        "write it as a block of YAML (`{}: |`), each line of the file in a line of its own",
        inlineKey(file));
  }
  std::vector<std::string> filters;
  if (defects == 0) filters = lost.front().filters;
  for (const auto& info : pemDefects()) {
    const std::string filter(info.filter);
    const bool needed = (defects & info.defect) != 0;
    if (needed && std::ranges::find(filters, filter) == filters.end()) filters.push_back(filter);
  }
  if (filters.empty()) return lost.front().remedy;
  return fmt::format(
      "fix it with {}{}", commandOf(filters, file, wanted),
      filters.front().starts_with("sed -n") ? ", and replace these lines with new.pem" : "");
}

std::string explainLost(const std::vector<Lost>& lost, const std::string& file,
                        ExpectedPem wanted) {
  std::string text = file + ": ";
  for (std::size_t i = 0; i < std::min(lost.size(), kMostListed); ++i) {
    text += (i == 0 ? "" : ", ") + lost[i].what;
  }
  if (lost.size() > kMostListed) {
    text += fmt::format(" and {} more", lost.size() - kMostListed);
  }
  return fmt::format("{}, so OpenSSL does not read {}: {}", text, lost.size() == 1 ? "it" : "them",
                     mending(lost, file, wanted));
}

}  // namespace

std::size_t countBlocks(std::string_view pem, ExpectedPem wanted) {
  std::size_t count = 0;
  visitBlocks(pem, [&](const PemBlock& block) {
    if (isWanted(block, wanted) && !isCommentedOut(block)) ++count;
    return true;
  });
  return count;
}

bool losesBlocks(std::string_view pem, ExpectedPem wanted) {
  bool lost = false;
  visitBlocks(pem, [&](const PemBlock& block) {
    lost = isWanted(block, wanted) && !isCommentedOut(block) &&
           (!block.right_label || !decode(block).read);
    return !lost;
  });
  return lost;
}

std::string explainUnread(std::string_view content, ExpectedPem wanted, const config::Path& file,
                          const std::string& reason) {
  const std::string path = file.string();
  const std::string name(nameOf(wanted));
  const auto expected = fmt::format(", expected a {} as PEM: ", name);
  if (trimmed(content, " \t\r\n").empty())
    return fmt::format("{}: is empty: write the {} into it, as PEM", path, name);
  auto report = examine(content, wanted, path, false);
  // OpenSSL stops at any damaged block.
  if (report.lost.empty() && !reason.empty()) report = examine(content, wanted, path, true);
  if (!report.lost.empty()) return explainLost(report.lost, path, wanted);
  if (!reason.empty())
    return fmt::format("{}: is damaged ({}): write the file again", path, reason);
  if (!report.found.empty()) {
    const auto found = *std::ranges::min_element(report.found);
    return fmt::format("{}: holds a {} and no {}: {}", path, nameOf(found), name,
                       insteadOf(found, wanted, path));
  }
  if (const auto shape = shapeOf(content, wanted, path)) {
    const auto command = shape->filters.empty()
                             ? shape->remedy
                             : fmt::format("convert it with {}{}",
                                           commandOf(shape->filters, path, wanted), shape->remedy);
    return fmt::format("{}: {}{}{}", path, shape->is, expected, command);
  }
  return fmt::format("{}: holds no PEM block: write the {} into it, as PEM (\"-----BEGIN ...\")",
                     path, name);
}

}  // namespace postern::tls
