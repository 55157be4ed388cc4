#include "tls/pem_shape.h"

#include <fmt/core.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "base/text.h"
#include "tls/file_shape.h"
#include "tls/openssl.h"
#include "tls/pem_blocks.h"

namespace postern::tls {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kMostBlocks = 1000;  // that are looked at to explain a file
constexpr std::size_t kMostTold = 3;

// What is wrong with the text of a block, and the filter that mends it in the whole file. In the
// order in which the filters work.
using Defect = unsigned;  // a bit
constexpr Defect kNotAscii = 1U << 0U;
constexpr Defect kLoneReturns = 1U << 1U;
constexpr Defect kEscaped = 1U << 2U;
constexpr Defect kQuoted = 1U << 3U;
constexpr Defect kOneLine = 1U << 4U;
constexpr Defect kGlued = 1U << 5U;
constexpr Defect kDashes = 1U << 6U;
constexpr Defect kMarked = 1U << 7U;
constexpr Defect kPrefixed = 1U << 8U;
constexpr Defect kIndented = 1U << 9U;
constexpr Defect kBlankLines = 1U << 10U;
struct DefectInfo {
  Defect defect;
  std::string_view is;
  std::string_view filter;
};
constexpr std::string_view kSplit =
    R"(sed -E 's/-+ ?(BEGIN|END) ([A-Z0-9 #.]*[A-Z0-9]) ?-+/\n-----\1 \2-----\n/g')";
constexpr std::string_view kRightLines =
    R"(sed -E 's/^.*(BEGIN|END) ([A-Z0-9 #.]*[A-Z0-9])[^A-Z0-9]*$/-----\1 \2-----/')";
constexpr std::array<DefectInfo, 11> kDefects = {{
    {kNotAscii, "has characters in it that are not ASCII", R"(tr -cd '\11\12\15\40-\176')"},
    {kLoneReturns, "has CR alone as line ends", R"(tr '\r' '\n')"},
    {kEscaped, R"(has escaped line ends (\n))", R"(sed 's/\\\+r//g; s/\\\+n/\n/g')"},
    {kQuoted, "is in quotes", R"(tr -d "\"'")"},
    {kOneLine, "is on one line", kSplit},
    {kGlued, "begins on the line where the block before it ends", kSplit},
    {kDashes, "has not five dashes on each side of BEGIN and END", kRightLines},
    {kMarked, "has a mark before its lines", R"(sed -E 's,^[^A-Za-z0-9+/=-]+,,')"},
    {kPrefixed, "has text before BEGIN on its line", kRightLines},
    {kIndented, "is indented", "sed 's/^[[:space:]]*//'"},
    {kBlankLines, "has blank lines in it", R"(grep -v '^[[:space:]]*$')"},
}};

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

bool isBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

bool isAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) { return static_cast<signed char>(byte) >= 0; });
}

// OpenSSL allows one after BEGIN, or after the headers of an encrypted key.
bool hasBlankLines(std::string_view body) {
  std::size_t found = 0;
  const auto first = std::min(body.find_first_not_of(" \t\r\n"), body.size());
  for (auto at = body.find('\n', first); at != body.npos; at = body.find('\n', at + 1)) {
    const auto next = body.substr(at + 1, body.find('\n', at + 1) - at - 1);
    const bool ends = body.find('\n', at + 1) != body.npos;
    if (ends && isBlank(next)) ++found;
  }
  return found > (holds(body, "Proc-Type:") ? 1U : 0U);
}

unsigned defectsOfPrefix(const PemBlock& block, bool escaped) {
  const auto prefix = trimmed(block.prefix, " \t\"'\\");
  if (prefix.empty()) return isBlank(block.prefix) && !block.prefix.empty() ? kIndented : 0;
  if (std::ranges::any_of(prefix, isLetterOrDigit) || escaped) return kPrefixed;
  return isAscii(prefix) ? kMarked : 0;
}

// Those of the line of END, and of the lines before it.
unsigned defectsOfEnd(const PemBlock& block, bool escaped, bool returns) {
  unsigned defects = 0;
  const auto set = [&](Defect defect, bool has) { defects |= has ? defect : 0U; };
  const auto at = block.end_line.find("END ");
  const auto before = block.end_line.substr(0, at);
  const auto after = trimmed(block.end_line.substr(at + 4 + block.end_label.size()), " -\t\"'");
  set(kOneLine, !escaped && !returns && std::ranges::any_of(before, isLetterOrDigit));
  set(kIndented, isBlank(before.substr(0, 1)) && !before.empty());
  // What follows the dashes, as the comma and the brace of JSON do.
  set(kDashes, !after.empty() && !after.starts_with('\\'));
  set(kBlankLines, !returns && hasBlankLines(block.body));
  return defects;
}

unsigned defectsOf(const PemBlock& block) {
  unsigned defects = 0;
  const auto set = [&](Defect defect, bool has) { defects |= has ? defect : 0U; };
  const bool escaped = holds(block.armour, "\\n") || holds(block.armour, "\\r");
  const bool returns = !holds(block.armour, "\n") && holds(block.armour, "\r");
  set(kNotAscii, !isAscii(block.prefix) || !isAscii(block.body));
  set(kLoneReturns, returns);
  set(kEscaped, escaped);
  set(kQuoted, block.prefix.find_first_of("\"'") != block.prefix.npos ||
                   block.end_line.find_first_of("\"'") != block.end_line.npos);
  set(kDashes, !block.right_dashes);
  defects |= defectsOfPrefix(block, escaped);
  const bool rest = std::ranges::any_of(block.rest, isLetterOrDigit);
  set(kOneLine, rest && !escaped);
  set(kDashes, !rest && !isBlank(block.rest));
  set(kGlued, block.glued && (!escaped || !holds(block.prefix, "\\n")));
  if (!block.end_label.empty()) defects |= defectsOfEnd(block, escaped, returns);
  // Where lines are split, empty ones come to be.
  set(kBlankLines, (defects & (kOneLine | kGlued)) != 0);
  return defects;
}

// A block of the label that it was asked for with, as OpenSSL has decoded it.
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

bool isWanted(const PemBlock& block, Wanted wanted) {
  switch (wanted) {
    case Wanted::Certificate:
      return block.content == Content::Certificate || block.content == Content::Pkcs7;
    case Wanted::Crl: return block.content == Content::Crl;
    case Wanted::Key:
      return block.content == Content::Key || block.content == Content::EncryptedKey;
    case Wanted::Bundle: break;
  }
  return false;
}

// A block that OpenSSL does not read.
struct Lost {
  std::string what;  // "the certificate at line 3 is indented"
  unsigned defects = 0;
  std::vector<std::string> filters;  // for this block, from its file
  std::string remedy;                // when no filter helps
};

// Filters that work on the lines of `block`; on the whole file when it holds nothing else.
std::vector<std::string> onItsLines(const PemBlock& block, bool alone,
                                    std::vector<std::string> filters) {
  if (alone) return filters;
  filters.insert(filters.begin(), fmt::format("sed -n '{},{}p'", block.line, block.last_line));
  return filters;
}

std::string openSshRemedy(const PemBlock& block, const std::string& file) {
  const auto key = base64Decoded(block.body);
  // ssh-keygen writes these in no other form.
  if (holds(key.reveal(), "ssh-ed25519") || holds(key.reveal(), "sk-")) {
    return "TLS cannot use this one (Ed25519), since `ssh-keygen` writes it in no other form: make "
           "a key with `openssl genpkey -algorithm ed25519 -out new.pem`, and have a certificate "
           "issued for it";
  }
  return fmt::format("convert it with `cp {} new.pem` and `ssh-keygen -p -m PEM -f new.pem`", file);
}

// A block whose label, or what is in it, is not what OpenSSL reads.
void explainLabel(const PemBlock& block, bool alone, Wanted wanted, const std::string& file,
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
    const std::string label = wanted == Wanted::Crl           ? "X509 CRL"
                              : wanted == Wanted::Certificate ? "CERTIFICATE"
                              : block.content == Content::Key ? "PRIVATE KEY"
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
    lost.what += fmt::format(" is cut off: {} of {} bytes are there", der.size(), size);
  } else {
    lost.what += " is damaged";
  }
}

// A block with a right label whose DER is not what the label says.
void explainContent(const PemBlock& block, std::string_view der, bool alone, Wanted wanted,
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

// The line of the first character that base64 does not have; 0: there is none.
std::size_t lineOfBadCharacter(const PemBlock& block) {
  std::size_t line = block.line;
  for (const char byte : block.body) {
    if (byte == '\n') ++line;
    if (!isBase64({&byte, 1})) return line;
  }
  return 0;
}

// A block whose lines OpenSSL does not take for one, though each of them looks right.
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
    lost.what += " has other words after END than after BEGIN";
    lost.remedy = "make them equal";
  } else if (const auto line = lineOfBadCharacter(block); line != 0 && !holds(block.body, ":")) {
    lost.what += fmt::format(" has a character in line {} that base64 does not have", line);
  } else {
    explainSize(der.reveal(), lost);
  }
}

// None when OpenSSL reads it.
std::optional<Lost> lookAt(const PemBlock& block, bool alone, Wanted wanted,
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

void tellDefects(std::string_view text, const PemBlock& block, Lost& lost) {
  if (lost.defects == 0 || isCommentedOut(block)) return;
  const auto container = containerOf(text, block);
  const auto* const first = std::ranges::find_if(
      kDefects, [&](const DefectInfo& info) { return (lost.defects & info.defect) != 0; });
  const bool told = !container.empty() && first->defect > kEscaped;
  if (!container.empty()) lost.what += " is inside of " + std::string(container);
  if (!told) lost.what += (container.empty() ? " " : " and ") + std::string(first->is);
}

struct Report {
  std::vector<Lost> lost;
  std::size_t others = 0;      // blocks that are lost too and not told
  std::vector<Content> found;  // of blocks that are not wanted
};

Report examine(std::string_view pem, Wanted wanted, const std::string& file, bool any_kind) {
  Report report;
  std::size_t blocks = 0;
  visitBlocks(pem, [&](const PemBlock&) { return ++blocks < 2; });
  std::size_t seen = 0;
  visitBlocks(pem, [&](const PemBlock& block) {
    if (!isWanted(block, wanted)) report.found.push_back(block.content);
    if (!any_kind && !isWanted(block, wanted)) return ++seen < kMostBlocks;
    if (auto lost = lookAt(block, blocks == 1, wanted, file)) {
      tellDefects(pem, block, *lost);
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

// Of a value in the configuration itself, as server_context.cpp names it; empty: it is a file.
std::string inlineKey(const std::string& file) {
  constexpr std::string_view kSection = "tls_server_config.";
  return file.starts_with(kSection) ? file.substr(kSection.size()) : std::string();
}

std::string mending(const std::vector<Lost>& lost, const std::string& file, Wanted wanted) {
  unsigned defects = 0;
  for (const auto& one : lost) defects |= one.defects;
  if (defects != 0 && !inlineKey(file).empty()) {
    return fmt::format(
        "write it as a block of YAML (`{}: |`), each line of the file in a line of its own",
        inlineKey(file));
  }
  std::vector<std::string> filters;
  if (defects == 0) filters = lost.front().filters;
  for (const auto& info : kDefects) {
    const std::string filter(info.filter);
    const bool needed = (defects & info.defect) != 0;
    if (needed && std::ranges::find(filters, filter) == filters.end()) filters.push_back(filter);
  }
  if (filters.empty()) return lost.front().remedy;
  return fmt::format(
      "mend it with {}{}", commandOf(filters, file, wanted),
      filters.front().starts_with("sed -n") ? ", and put new.pem in the place of these lines" : "");
}

std::string explainLost(const std::vector<Lost>& lost, const std::string& file, Wanted wanted) {
  std::string text = file + ": ";
  for (std::size_t i = 0; i < std::min(lost.size(), kMostTold); ++i) {
    text += (i == 0 ? "" : ", ") + lost[i].what;
  }
  if (lost.size() > kMostTold) {
    text += fmt::format(" and {} more", lost.size() - kMostTold);
  }
  return fmt::format("{}, so OpenSSL does not read {}: {}", text, lost.size() == 1 ? "it" : "them",
                     mending(lost, file, wanted));
}

}  // namespace

std::size_t countBlocks(std::string_view pem, Wanted wanted) {
  std::size_t count = 0;
  visitBlocks(pem, [&](const PemBlock& block) {
    if (isWanted(block, wanted) && !isCommentedOut(block)) ++count;
    return true;
  });
  return count;
}

bool losesBlocks(std::string_view pem, Wanted wanted) {
  bool lost = false;
  visitBlocks(pem, [&](const PemBlock& block) {
    lost = isWanted(block, wanted) && !isCommentedOut(block) &&
           (!block.right_label || !decode(block).read);
    return !lost;
  });
  return lost;
}

std::string explainUnread(std::string_view content, Wanted wanted, const config::Path& file,
                          const std::string& reason) {
  const std::string path = file.string();
  const std::string name(nameOf(wanted));
  const auto expected = fmt::format(", expected a {} as PEM: ", name);
  if (isBlank(content))
    return fmt::format("{}: is empty: write the {} into it, as PEM", path, name);
  auto report = examine(content, wanted, path, false);
  // OpenSSL stops at any block that is damaged.
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
