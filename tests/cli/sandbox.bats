# Scripts that cannot be run natively: in a sandbox, for the machine's own and another
# architecture, as root and as an ordinary user; and what is said where there is none.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup() {
  need_shared
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  make_key
}

# make_sandboxed ARCH: a package "sandboxed" whose script no native run can follow (it waits for
# what it started), and ARCH.yaml, an image with it on Alpine's base.
make_sandboxed() {
  local base
  case $1 in
    x86_64) base=v3.19.1-bootmedia ;;
    aarch64) base=v3.13-bootmedia ;;
  esac
  mkdir -p files/usr/share "repository/$1"
  echo data >files/usr/share/sandboxed
  cat >post-install <<'SH'
#!/bin/sh
addgroup -S ran && adduser -S -D -H -G ran ran
{ uname -m; id -un; echo "$1 $APK_PACKAGE"; } >/var/lib/ran &
wait
chown ran:ran /var/lib/ran
chmod 2750 /var/lib/ran
ls /proc/1 >/dev/null && ! ls /sys/kernel 2>/dev/null
SH
  "$TARN" -q apk pack files --name sandboxed --version 1-r0 --arch "$1" --depend busybox \
    --script post-install=post-install --build-time 1700000000 -d "repository/$1" >/dev/null
  index_folder "repository/$1"
  cat >"$1.yaml" <<YAML
contents:
  build_repositories: ["$SHARED/mirror/alpine/$base", "$PWD/repository"]
  keyring: ["$SHARED/keys", "$PWD/keys/me.rsa.pub"]
  packages: [alpine-baselayout, busybox, sandboxed]
archs: [$1]
YAML
}

# check_sandboxed ARCH: builds ARCH.yaml as ARCH.tar and looks at what the script left in it.
check_sandboxed() {
  run --separate-stderr "$TARN" build --json "$1.yaml" sandboxed:latest "$1.tar"
  assert_status 0
  check_json '.scripts[] | select(.package == "sandboxed-1-r0")
    | .way == "sandbox" and .status == 0 and (.reason | startswith("line 3: "))' <<<"$output"
  bsdtar -xOf "$1.tar" "$(bsdtar -xOf "$1.tar" manifest.json | jq -r '.[0].Layers[0]')" >layer.tar.gz
  [ "$(bsdtar -xOf layer.tar.gz var/lib/ran)" = "$(printf '%s\nroot\n1-r0 sandboxed' "$1")" ]
  bsdtar -tvf layer.tar.gz | grep -Eq '^-rwxr-s---+ +[0-9]+ ran +ran .* var/lib/ran$'
}

@test "a script runs in the sandbox, as root and as another, and gives the same image" {
  make_sandboxed x86_64
  check_sandboxed x86_64
  "$TARN" -q build x86_64.yaml sandboxed:latest again.tar
  cmp x86_64.tar again.tar
  if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 777 other
    chmod -R a+rX "$BATS_RUN_TMPDIR"
    setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$PWD/other" \
      "$TARN" -q --cache "$PWD/other/cache" build x86_64.yaml sandboxed:latest other/user.tar
    cmp x86_64.tar other/user.tar
  fi
}

@test "a script of another architecture runs in the sandbox" {
  need qemu-aarch64-static
  make_sandboxed aarch64
  check_sandboxed aarch64
  if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 777 other
    chmod -R a+rX "$BATS_RUN_TMPDIR"
    setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$PWD/other" \
      "$TARN" -q --cache "$PWD/other/cache" build aarch64.yaml sandboxed:latest other/user.tar
    cmp aarch64.tar other/user.tar
  fi
}

@test "where there is no sandbox the build stops, and says which line needs one and what to write" {
  make_sandboxed x86_64
  run python3 "$BATS_TEST_DIRNAME/restricted.py" namespaces /bin/true
  [ "$status" -ne 77 ] || skip "no seccomp filters here"
  run python3 "$BATS_TEST_DIRNAME/restricted.py" namespaces \
    "$TARN" build x86_64.yaml sandboxed:latest refused.tar
  assert_status 1
  assert_output 'the post-install script of sandboxed-1-r0 cannot be run'
  assert_output 'natively: line 3: '
  assert_output 'in a sandbox: user namespaces are refused'
  assert_output "hint: 'scripts: {sandboxed: skip}' in the recipe builds without it"
  [ ! -e refused.tar ]
  echo 'scripts: {sandboxed: skip}' >>x86_64.yaml
  python3 "$BATS_TEST_DIRNAME/restricted.py" namespaces \
    "$TARN" build x86_64.yaml sandboxed:latest skipped.tar
}

@test "policies: native refuses, strict fails, auto reports" {
  make_sandboxed x86_64
  cp x86_64.yaml native.yaml
  echo 'scripts: native' >>native.yaml
  run "$TARN" build native.yaml policies:latest native.tar
  assert_status 1
  assert_output 'in a sandbox: the recipe allows no sandbox'
  printf '#!/bin/sh\necho trouble >&2\nexit 3\n' >post-install
  "$TARN" -q apk pack files --name sandboxed --version 2-r0 --arch x86_64 --depend busybox \
    --script post-install=post-install --build-time 1700000000 -d repository/x86_64 >/dev/null
  index_folder "repository/x86_64"
  run -0 "$TARN" build x86_64.yaml policies:latest reported.tar
  assert_output 'post-install of sandboxed-2-r0 failed with status 3'
  assert_output '  trouble'
  bsdtar -xOf reported.tar "$(bsdtar -xOf reported.tar manifest.json | jq -r '.[0].Layers[0]')" |
    bsdtar -xOf - lib/apk/db/installed | grep -A30 '^P:sandboxed$' | grep -q '^f:s$'
  echo 'scripts: {sandboxed: strict}' >>x86_64.yaml
  run "$TARN" build x86_64.yaml policies:latest strict.tar
  assert_status 1
  assert_output 'the post-install script of sandboxed-2-r0 failed with status 3'
  assert_output 'trouble'
  [ ! -e strict.tar ]
}
