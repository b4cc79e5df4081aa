#include "apk/trust/anchors.h"

#include <algorithm>
#include <array>

namespace tarn::apk {
namespace {

/// The keys of the package alpine-keys, with the architectures whose repositories it lets each of
/// them sign. Sorted by name.
constexpr std::array<TrustAnchor, 18> anchors = {{
    {"alpine-devel@lists.alpinelinux.org-4a6a0840.rsa.pub", "x86 x86_64",
     "4e0c26751a474db486b0a8f37e37ff02e12465e8cea8ef08614ac173cb870f28"},
    {"alpine-devel@lists.alpinelinux.org-5243ef4b.rsa.pub", "x86",
     "40e738cce781c04cac98adf11a1574efdf84209661f6c93098013a0b4809ca00"},
    {"alpine-devel@lists.alpinelinux.org-524d27bb.rsa.pub", "armhf armv7",
     "cc0b5f10577afdbb3ec288feae97d5681d508cd7086e45693a938e92322d5c5c"},
    {"alpine-devel@lists.alpinelinux.org-5261cecb.rsa.pub", "x86_64",
     "bb1f0937c138e81a838e0958c4c756547dac85794e38bf1a5536a0808dcf95f2"},
    {"alpine-devel@lists.alpinelinux.org-58199dcc.rsa.pub", "aarch64",
     "635a0325ac8c11ec329698586cd2a8e54c18ba376d5d4bc215a489e1a774fb88"},
    {"alpine-devel@lists.alpinelinux.org-58cbb476.rsa.pub", "ppc64le",
     "f3d1a46b632166cee03485c05b63fd8687a7a7d8b1d27528718029c63a955319"},
    {"alpine-devel@lists.alpinelinux.org-58e4f17d.rsa.pub", "s390x",
     "556c20b04b6b517652477f20108350367c125994f07196d765bd836063ffc236"},
    {"alpine-devel@lists.alpinelinux.org-5e69ca50.rsa.pub", "mips64",
     "cae5d12519633b68c607cad9411669b3b18c041b123e8f08e49260697ee2c336"},
    {"alpine-devel@lists.alpinelinux.org-60ac2099.rsa.pub", "riscv64",
     "c0bd6da992b7158927aae7c11fc416a2c7d63fd2a47db238a0e8f636ebf2fc9d"},
    {"alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub", "x86_64",
     "8a70fc55f1a6fb2a392ad5a3e71aff82a637b2b33659c046f6b6a909bb5d1ab7"},
    {"alpine-devel@lists.alpinelinux.org-61666e3f.rsa.pub", "x86",
     "06216db06044f26845ff610f2c253863b9e01fbd4c5557871b8bfa2f5ac96e95"},
    {"alpine-devel@lists.alpinelinux.org-616a9724.rsa.pub", "armhf",
     "4cff6544e8548bd10f959de619ab2184867c8016f03a5c6b8da6f3e88bfb1625"},
    {"alpine-devel@lists.alpinelinux.org-616abc23.rsa.pub", "ppc64le",
     "654f5e12a67c95bedf92da80b6257abba7fe1df6698820825d793a33d677e3a1"},
    {"alpine-devel@lists.alpinelinux.org-616ac3bc.rsa.pub", "s390x",
     "2ace5cf3235c095544c26ec946611836f39324aa264f75862fe0332eb17f0975"},
    {"alpine-devel@lists.alpinelinux.org-616adfeb.rsa.pub", "armv7",
     "45d409999dd3e16dfce19757fc48f238ae775d17ca319e08e474a471f1ab6521"},
    {"alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub", "aarch64",
     "479f16f4170a9ea0c65e1de854860949b1a549cfa1f43552f7a2e821c9e2f409"},
    {"alpine-devel@lists.alpinelinux.org-616db30d.rsa.pub", "riscv64",
     "32246c9a9673e3f6e7bef6c96031883d23078f41094ea6636d19a697f356420a"},
    {"alpine-devel@lists.alpinelinux.org-66ba20fe.rsa.pub", "loongarch64",
     "cda03d97275759b9af27883bf8613abcfd2ca42860bf2dcf985bacbddfcf1c9a"},
}};

}  // namespace

std::span<const TrustAnchor> trust_anchors() {
  return anchors;
}

const TrustAnchor* find_anchor(std::string_view key_name) {
  const auto* const found =
      std::find_if(anchors.begin(), anchors.end(),
                   [&](const TrustAnchor& anchor) { return anchor.key_name == key_name; });
  return found == anchors.end() ? nullptr : found;
}

std::string anchor_url(const TrustAnchor& anchor) {
  return "https://alpinelinux.org/keys/" + std::string(anchor.key_name);
}

bool matches_anchor(const PublicKey& key) {
  const TrustAnchor* anchor = find_anchor(key.name());
  return anchor != nullptr && to_hex(key.fingerprint()) == anchor->fingerprint;
}

}  // namespace tarn::apk
