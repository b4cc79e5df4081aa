# Every form of an image in every codec, in the hands of every tool: what each can run it runs, and the
# digests it then shows are those that tarn printed. The matrix stands at the end, and in the file
# that $TARN_MATRIX names.

bats_require_minimum_version 1.5.0
load helper
load consumers
load registries
load matrix

setup_file() {
  [ -z "${TARN_SANITIZED:-}" ] && command -v busybox jq >/dev/null || return 0
  cd "$BATS_FILE_TMPDIR" || return 1
  export FORMS=$BATS_FILE_TMPDIR/forms CELLS=$BATS_FILE_TMPDIR/cells TARN_CACHE=$BATS_FILE_TMPDIR/cache
  mkdir "$FORMS" "$CELLS"
  alone
  export REGISTRY=
  if command -v docker-registry >/dev/null; then
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start_registry registry
  fi
  "$TARN" apk keygen -o me --bits 2048
  local codec
  for codec in $ALL_CODECS; do
    write_greeting "$codec"
    make_forms "$codec"
  done
  start_daemons
}

teardown_file() {
  stop_daemons
  BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_servers
  [ -e "${CELLS:-}" ] || return 0
  table | sed 's/^/# /' >&3
  [ -z "${TARN_MATRIX:-}" ] || table >"$TARN_MATRIX"
}

setup() {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  need busybox jq
  alone
}

# No proxies, credentials or settings of the user.
alone() {
  export HOME=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/home
  export XDG_RUNTIME_DIR=$HOME/run XDG_CONFIG_HOME=$HOME/.config
  unset REGISTRY_AUTH_FILE DOCKER_CONFIG DOCKER_HOST http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
  mkdir -p "$XDG_RUNTIME_DIR"
}

# write_greeting CODEC: CODEC.yaml, an image that prints "hello CODEC" with a static busybox. Its
# layer is another one for each codec, so that no tool can have it from an earlier cell.
write_greeting() {
  local codec=$1
  mkdir -p "files.$codec/bin" "files.$codec/usr/share" "$codec/x86_64"
  cp "$(command -v busybox)" "files.$codec/bin/busybox"
  echo "hello $codec" >"files.$codec/usr/share/greeting"
  "$TARN" -q apk pack "files.$codec" --name greeting --version 1-r0 --arch x86_64 \
    --build-time 1700000000 -d "$codec/x86_64" >/dev/null
  "$TARN" -q apk index --allow-untrusted --key me.rsa -o "$codec/x86_64/APKINDEX.tar.gz" \
    "$codec/x86_64" >/dev/null
  cat >"$codec.yaml" <<YAML
contents:
  build_repositories: ["$PWD/$codec"]
  keyring: ["$PWD/me.rsa.pub"]
  packages: [greeting]
archs: [x86_64]
cmd: /bin/busybox cat /usr/share/greeting
compression: {codec: $codec}
YAML
}

# have TOOL PROGRAM…: skips the test where one is missing, and says so in the table.
have() {
  local tool=$1 program
  shift
  for program in "$@"; do
    if ! command -v "$program" >/dev/null; then
      echo "not installed" >"$CELLS/$tool"
      skip "$program is not installed"
    fi
  done
  if [ "$tool" != skopeo ] && [ "$(id -u)" -ne 0 ]; then
    echo "needs root" >"$CELLS/$tool"
    skip "containers are run as root here"
  fi
}

@test "skopeo reads every form and keeps its digest" {
  have skopeo skopeo
  take_every_cell skopeo
}

@test "umoci unpacks every layout, and runc runs it" {
  have umoci umoci runc
  take_every_cell umoci
}

@test "podman runs every form" {
  have podman podman runc
  take_every_cell podman
}

@test "buildah runs every form" {
  have buildah buildah
  take_every_cell buildah
}

@test "containerd runs every form" {
  have ctr ctr containerd runc
  take_every_cell ctr
}

@test "docker runs what it can load or pull" {
  have docker dockerd docker containerd ctr runc
  take_every_cell docker
}

@test "layers in zstd are refused for a docker-archive before anything is built" {
  run "$TARN" build "$BATS_FILE_TMPDIR/zstd.yaml" greeting:zstd \
    -o "type=docker-archive,dest=$BATS_TEST_TMPDIR/zstd.docker.tar"
  assert_status 2
  assert_output 'a docker-archive cannot hold layers compressed with zstd'
  [ ! -e "$BATS_TEST_TMPDIR/zstd.docker.tar" ]
}
