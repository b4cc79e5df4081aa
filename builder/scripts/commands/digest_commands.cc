#include <array>
#include <cerrno>
#include <cstdint>
#include <span>

#include <fmt/core.h>
#include <openssl/evp.h>

#include "apk/support/bytes.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "builder/scripts/commands/compare_commands.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr OptionRules rules{"csw", "w", {}};

std::string digest(const std::string& command, std::string_view text) {
  const EVP_MD* kind = EVP_sha512();
  if (command.ends_with("md5sum")) kind = EVP_md5();
  if (command.ends_with("sha1sum")) kind = EVP_sha1();
  if (command.ends_with("sha256sum")) kind = EVP_sha256();
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> octets{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), octets.data(), &length, kind, nullptr) != 1) {
    throw Error(ErrorKind::failed, "a digest cannot be computed");
  }
  return to_hex(std::as_bytes(std::span(octets).first(length)));
}

/// The digest of a file; nothing, and complained of, when it cannot be read.
std::optional<std::string> digest_of_file(const Invocation& invocation, const std::string& name) {
  std::string text;
  const int problem = read_operand(invocation, name, text);
  invocation.budget.spend_steps();
  if (problem == 0) return digest(invocation.arguments[0], text);
  invocation.complain(fmt::format("can't {} '{}': {}", problem == EISDIR ? "read" : "open", name,
                                  error_text(problem)));
  return std::nullopt;
}

/// Checks the files that a list names.
int check_list(const Invocation& invocation, const std::string& list, bool silent) {
  std::string text;
  if (!read_or_complain(invocation, list, text)) return 1;
  std::size_t count = 0;
  std::size_t failed = 0;
  std::string out;
  for (const TextLine& line : split_lines(invocation, text)) {
    const std::size_t gap = line.text.find_first_of(" \t");
    const std::string_view after =
        gap == std::string_view::npos ? std::string_view() : line.text.substr(gap);
    if (!after.starts_with("  ") && !after.starts_with(" *")) {
      throw NotNative(invocation.arguments[0] + ": a list of another form");
    }
    const std::string name(after.substr(2));
    flush(invocation, out);
    const auto found = digest_of_file(invocation, name);
    const bool good = found && *found == line.text.substr(0, gap);
    ++count;
    if (!good) ++failed;
    // The names of those that are right are left out with -s, as all else is.
    if (!silent) out += fmt::format("{}: {}\n", name, good ? "OK" : "FAILED");
  }
  flush(invocation, out);
  if (!silent && failed > 0) {
    invocation.complain(
        fmt::format("WARNING: {} of {} computed checksums did NOT match", failed, count));
  }
  if (count == 0) {
    invocation.complain(fmt::format("{}: no checksum lines found", list));
    return 1;
  }
  return failed > 0 ? 1 : 0;
}

/// POSIX' CRC of octets, their count among them.
std::uint32_t posix_crc(std::string_view text) {
  constexpr std::uint32_t polynomial = 0x04c11db7;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i << 24U;
    for (int bit = 0; bit < 8; ++bit) c = (c & 0x80000000U) != 0 ? c << 1U ^ polynomial : c << 1U;
    table[i] = c;
  }
  std::uint32_t crc = 0;
  const auto add = [&](std::uint8_t octet) {
    crc = crc << 8U ^ table[(crc >> 24U ^ octet) & 0xffU];
  };
  for (const char c : text) add(static_cast<std::uint8_t>(c));
  for (std::size_t length = text.size(); length > 0; length >>= 8U) {
    add(static_cast<std::uint8_t>(length));
  }
  return ~crc;
}

}  // namespace

std::optional<std::string> unsupported_digest(KnownArguments arguments) {
  return unsupported_option(arguments, rules);
}

int run_digest(const Invocation& invocation) {
  const auto options = parse_options(invocation, rules);
  if (options.has('s') && !options.has('c')) throw NotNative("option -s without -c");
  std::vector<std::string> names = options.operands;
  if (names.empty()) names.emplace_back("-");
  int status = 0;
  for (const std::string& name : names) {
    if (options.has('c')) {
      if (check_list(invocation, name, options.has('s')) != 0) status = 1;
      continue;
    }
    const auto found = digest_of_file(invocation, name);
    if (found) {
      invocation.output.write(fmt::format("{}  {}\n", *found, name));
    } else {
      status = 1;
    }
  }
  return status;
}

int run_cksum(const Invocation& invocation) {
  const auto options = parse_options(invocation, OptionRules{});
  std::vector<std::string> names = options.operands;
  if (names.empty()) names.emplace_back("-");
  int status = 0;
  for (const std::string& name : names) {
    std::string text;
    const int problem = read_operand(invocation, name, text);
    if (problem == EISDIR) throw NotNative("cksum of a directory");
    if (problem != 0) {
      invocation.complain(fmt::format("can't open '{}': {}", name, error_text(problem)));
      status = 1;
      continue;
    }
    invocation.budget.spend_steps();
    invocation.output.write(fmt::format("{} {}{}\n", posix_crc(text), text.size(),
                                        options.operands.empty() ? "" : " " + name));
  }
  return status;
}

}  // namespace tarn::builder
