# The README's tutorial: each of its commands as written, by a person who has nothing yet.
#
# Alpine's servers are stood in for by the shared mirror, over https, behind a proxy that knows no other
# host; its packages are Alpine's own. The registry is Debian's, where the tutorial expects one.

bats_require_minimum_version 1.5.0
load helper
load consumers
load registries

setup() {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  need_shared
  need git nginx docker-registry openssl
  [ "$(uname -m)" = x86_64 ] || skip "the shared mirror is for x86_64"
  ! (exec 3<>/dev/tcp/127.0.0.1/5000) 2>/dev/null || skip "something listens on port 5000"
  cd "$BATS_TEST_TMPDIR" || return 1
  export HOME=$PWD/home GIT_CONFIG_NOSYSTEM=1 BASH_ENV=
  unset "${!GIT_@}" "${!XDG_@}" TARN_TRACE
  unset -f tarn # the program itself, from $PATH
  mkdir home bin
  ln -s "$TARN" bin/tarn
  PATH=$PWD/bin:$PATH
  git config --global user.name reader
  git config --global user.email reader@localhost
}

teardown() {
  stop_all_nginx
  stop_servers
}

# dl-cdn.alpinelinux.org and alpinelinux.org, as far as the shared material has them.
start_alpine() {
  local tls
  make_authority ca DNS:dl-cdn.alpinelinux.org,DNS:alpinelinux.org
  mkdir -p site/alpine/v3.22/main site/alpine/v3.22/community
  ln -s "$SHARED/mirror/alpine/v3.19.1-bootmedia/x86_64" site/alpine/v3.22/main/x86_64
  ln -s "$SHARED/mirror/alpine/v3.19/community/x86_64" site/alpine/v3.22/community/x86_64
  ln -s "$SHARED/keys" site/keys
  tls=$(free_port)
  start_nginx site "listen 127.0.0.1:$tls ssl http2;
    ssl_certificate $PWD/ca/server.crt; ssl_certificate_key $PWD/ca/server.key;"
  start_python proxy connect_proxy.py "$tls" dl-cdn.alpinelinux.org alpinelinux.org
  export https_proxy=http://127.0.0.1:$SERVER_PORT SSL_CERT_FILE=$PWD/ca/ca.crt
}

# Whether containers can be run here; makes `podman` in the tutorial the one that can.
prepare_podman() {
  command -v podman >/dev/null && command -v runc >/dev/null && [ "$(id -u)" = 0 ] || return 1
  cat >containers.conf <<'EOT'
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
EOT
  printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$PWD/podman/root" "$PWD/podman/run" >storage.conf
  export CONTAINERS_CONF=$PWD/containers.conf CONTAINERS_STORAGE_CONF=$PWD/storage.conf
}

# One command as written, in a shell that keeps its folder.
try() {
  printf '$ %s\n' "$1" >>log
  local before
  before=$(wc -l <log)
  (
    cd "$folder" || exit 1
    trap 'pwd >"$BATS_TEST_TMPDIR/folder"' EXIT
    eval "$1"
  ) >>log 2>&1 3>&- 4>&- </dev/null || fail "'$1' fails:" "$(cat log)"
  folder=$(cat folder)
  tail -n +"$((before + 1))" log >printed
}

@test "from nothing to a published, locked image: each command as written" {
  start_alpine
  start_registry registry "" 5000
  with_podman=yes
  prepare_podman || with_podman=
  folder=$PWD tried=0
  "$BATS_TEST_DIRNAME/console_commands.py" "$project/README.md" '## Tutorial' >commands
  while IFS= read -r -u 9 command; do
    if [[ $command == podman* && -z $with_podman ]]; then
      echo "# containers cannot be run here: $command" >&3
      continue
    fi
    try "$command"
    tried=$((tried + 1))
    # What the text says of it.
    case $command in
    'tarn plan '*) grep -q openssl printed ;;
    'podman run '*) grep -q '^OpenSSL 3' printed ;;
    'tarn lock --check '*) grep -q 'contents.packages: added: tzdata' printed && grep -q 'tzdata *added' printed ;;
    'tarn diff tools.tar '*) grep -q 'added *tzdata' printed ;;
    'tarn publish '*) grep -q '^localhost:5000/tools@sha256:' printed ;;
    'tarn diff localhost:5000/tools:1.1 '*) ! grep -qE 'added|removed|changed|→' printed ;;
    'tarn sbom '*) jq -e '.components[] | select(.name == "tzdata")' tools/tools.cdx.json >/dev/null ;;
    esac || fail "'$command' printed:" "$(cat printed)"
  done 9<commands
  [ "$tried" -ge 20 ] || fail "the tutorial has only $tried commands"
  # Published three names for two states, and what was pulled is what was built.
  for tag in 1.1 1.2 latest; do
    remote inspect --raw --tls-verify=false "docker://localhost:5000/tools:$tag" >"$tag.json"
  done
  cmp 1.2.json latest.json
  tarn -q diff tools/pulled.tar tools/tools.yaml >printed
  ! grep -qE 'added|removed|changed' printed || fail "$(cat printed)"
  # Nothing else was asked for than Alpine's servers.
  run ! grep -vE '^(ready .*|dl-cdn.alpinelinux.org|alpinelinux.org)$' proxy
  assert_no_leftovers .
}

@test "what the tutorial begins with builds tarn where the next lines look for it" {
  need make
  run make -n -C "$project" build
  assert_status 0
  assert_output "cmake --build --preset release"
  grep -qx 'export PATH="$PWD/build/release:$PATH"' "$project/README.md"
  grep -q '"binaryDir": "${sourceDir}/build/${presetName}"' "$project/CMakePresets.json"
}
