#include "apk/package/package_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "apk/index/tar_reader.h"
#include "apk/package/pkginfo.h"
#include "apk/package/signature_section.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::apk {
namespace {

constexpr std::string_view signature_prefix = ".SIGN.";
/// apk takes no larger script.
constexpr std::uint64_t script_limit = 262144;

constexpr std::array<std::string_view, script_kind_count> script_names = {
    "pre-install", "post-install", "pre-deinstall", "post-deinstall",
    "pre-upgrade", "post-upgrade", "trigger",
};

/// One of the two leading gzip members, inflated.
struct Section {
  ByteView member;
  Bytes tar;
  std::vector<TarEntry> entries;

  ByteView content(const TarEntry& entry) const {
    return ByteView(tar).subspan(entry.content, entry.size);
  }
};

Section read_section(ByteView file, std::size_t offset, std::size_t limit) {
  return with_context(fmt::format("reading the section at byte {}", offset), [&] {
    Section section;
    auto [tar, compressed_size] = inflate_gzip_member(file.subspan(offset), limit);
    section.member = file.subspan(offset, compressed_size);
    section.tar = std::move(tar);
    TarReader reader(section.tar);
    while (auto entry = reader.next()) section.entries.push_back(std::move(*entry));
    // With both zero blocks a reader of the whole would stop before the section that follows.
    if (reader.trailing_blocks() > 1)
      throw Error(ErrorKind::failed, "the section ends the archive before the package's data");
    return section;
  });
}

bool holds_signatures(const Section& section) {
  return !section.entries.empty() && section.entries.front().path.starts_with(signature_prefix);
}

std::vector<Signature> read_signatures(const Section& section) {
  std::vector<Signature> signatures;
  for (const TarEntry& entry : section.entries) {
    if (entry.type != '0' || !entry.path.starts_with(signature_prefix))
      throw Error(ErrorKind::failed,
                  fmt::format("'{}' lies in the section for signatures", entry.path));
    const auto content = section.content(entry);
    if (auto parsed = parse_signature_name(entry.path))
      signatures.push_back(
          {parsed->first, std::move(parsed->second), Bytes(content.begin(), content.end())});
  }
  return signatures;
}

void check_control_entry(const TarEntry& entry) {
  if (entry.type != '0' || !entry.path.starts_with('.') ||
      entry.path.find('/') != std::string::npos)
    throw Error(ErrorKind::failed,
                fmt::format("'{}' does not belong into the control section", entry.path));
  if (entry.path == ".INSTALL")
    throw Error(ErrorKind::failed, "the package has a script .INSTALL, which apk no longer runs")
        .hint("rebuild it with a current abuild");
}

Error wrong_digest(const std::string& message, std::string expected, std::string found) {
  return Error(ErrorKind::trust, message)
      .detail("expected", std::move(expected))
      .detail("found", std::move(found));
}

}  // namespace

std::string_view script_name(ScriptKind kind) {
  return script_names.at(static_cast<std::size_t>(kind));
}

std::optional<ScriptKind> parse_script_name(std::string_view name) {
  const auto* const found = std::find(script_names.begin(), script_names.end(), name);
  if (found == script_names.end()) return std::nullopt;
  return static_cast<ScriptKind>(found - script_names.begin());
}

PackageFile PackageFile::parse(ByteView file, std::string name, const PackageLimits& limits) {
  PackageFile package;
  package.name_ = std::move(name);
  package.limits_ = limits;
  with_context("reading package " + package.name_, [&] { package.read(file); });
  return package;
}

void PackageFile::read(ByteView file) {
  Section section = read_section(file, 0, std::max(limits_.signature, limits_.control));
  std::size_t offset = section.member.size();
  if (holds_signatures(section)) {
    if (section.tar.size() > limits_.signature)
      throw Error(ErrorKind::failed,
                  fmt::format("its signatures take more than {} bytes", limits_.signature));
    signatures_ = read_signatures(section);
    signature_member_ = section.member;
    section = read_section(file, offset, limits_.control);
    offset += section.member.size();
  }
  if (section.tar.size() > limits_.control)
    throw Error(ErrorKind::failed,
                fmt::format("its control section takes more than {} bytes", limits_.control));
  control_member_ = section.member;
  data_member_ = file.subspan(offset);
  if (data_member_.empty())
    throw Error(ErrorKind::failed,
                fmt::format("the file ends at byte {}, before its data section", offset));

  bool has_info = false;
  for (const TarEntry& entry : section.entries) {
    check_control_entry(entry);
    const auto content = as_text(section.content(entry));
    if (entry.path == ".PKGINFO") {
      if (std::exchange(has_info, true)) throw Error(ErrorKind::failed, "it has .PKGINFO twice");
      take_info(content);
    } else if (const auto kind = parse_script_name(entry.path.substr(1))) {
      take_script(*kind, content);
    }
  }
  if (!has_info) throw Error(ErrorKind::failed, "this is no package: it has no .PKGINFO");
  package_.identity.digest = sha1(control_member_);
  package_.size = file.size();
}

void PackageFile::take_info(std::string_view text) {
  PackageInfo info = parse_pkginfo(text);
  package_ = std::move(info.package);
  data_hash_ = std::move(info.data_hash);
  triggers_ = std::move(info.triggers);
}

void PackageFile::take_script(ScriptKind kind, std::string_view text) {
  if (text.size() > script_limit)
    throw Error(ErrorKind::failed, fmt::format("its script {} has {} bytes, more than {}",
                                               script_name(kind), text.size(), script_limit));
  if (!scripts_.try_emplace(kind, text).second)
    throw Error(ErrorKind::failed, fmt::format("it has the script {} twice", script_name(kind)));
}

void PackageFile::verify_identity(const Identity& expected) const {
  if (package_.identity != expected)
    throw wrong_digest("package " + name_ + " has a wrong checksum", expected.str(),
                       package_.identity.str());
}

void PackageFile::verify_data_hash() const {
  if (data_hash_.empty())
    throw Error(ErrorKind::trust, "package " + name_ + " does not say which data belongs to it")
        .detail("expected", "'datahash' in its .PKGINFO")
        .hint("it was made by a tool from before 2011, or by one that makes no sound packages");
  const std::string found = to_hex(sha256(data_member_));
  if (found != data_hash_)
    throw wrong_digest("package " + name_ + " has damaged data", "SHA-256 " + data_hash_,
                       "SHA-256 " + found);
}

std::string PackageFile::verify_signature(const Keyring& keyring) const {
  std::string signer = verify_signatures(signatures_, control_member_, keyring, "package " + name_);
  if (is_signature_section_damaged(signature_member_, control_member_))
    throw Error(ErrorKind::trust, "package " + name_ + " was changed after it was signed")
        .detail("expected", "the section with the signatures as a compressor writes it")
        .detail("found", "a single byte of it that differs");
  return signer;
}

}  // namespace tarn::apk
