# tarn verify: what it finds wrong with an image, and what it does not.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache
  make_key
  local arch
  for arch in x86_64 aarch64; do
    mkdir -p "repository/$arch"
    make_packages $arch
    index_folder "repository/$arch"
  done
  write_shop_recipe >shop.yaml
  "$TARN" -q lock shop.yaml
  "$TARN" -q build shop.yaml shop:1 shop/
  "$TARN" -q build shop.yaml shop:1 shop.tar
}

# Packages with all that a file can be: set-id bits, owners whose user a script makes, links of both
# kinds, a device, a pipe, extended attributes, a script and a trigger.
make_packages() { # make_packages ARCH
  python3 - tool.tar svc.tar <<'PYTHON'
import io, sys, tarfile

def add(tar, path, kind=tarfile.REGTYPE, content=None, **values):
    header = tarfile.TarInfo(path)
    header.type = kind
    header.mtime = 1700000000
    header.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    header.uname = header.gname = "root"
    if content is not None:
        header.size = len(content)
    for name, value in values.items():
        setattr(header, name, value)
    tar.addfile(header, io.BytesIO(content) if content is not None else None)

def directories(tar, *paths):
    for path in paths:
        add(tar, path, tarfile.DIRTYPE)

with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as tar:
    directories(tar, "bin", "dev", "etc", "usr", "usr/bin", "usr/sbin", "usr/share", "usr/share/tool",
                "var")
    # What scripts need to be there; no program is started.
    add(tar, "bin/busybox", content=b"busybox\n", mode=0o755)
    for link in "bin/sh", "usr/sbin/addgroup", "usr/sbin/adduser":
        add(tar, link, tarfile.SYMTYPE, linkname="/bin/busybox", mode=0o777)
    add(tar, "var/empty", tarfile.DIRTYPE, mode=0o555)
    add(tar, "dev/tool", tarfile.CHRTYPE, devmajor=10, devminor=200, mode=0o660)
    add(tar, "etc/passwd", content=b"root:x:0:0:root:/root:/bin/sh\n")
    add(tar, "etc/group", content=b"root:x:0:root\n")
    add(tar, "etc/shadow", content=b"root:*::0:::::\n", mode=0o640)
    add(tar, "etc/tool.conf", content=b"setting=1\n", mode=0o640)
    add(tar, "usr/bin/tool", content=b"#!/bin/sh\necho tool\n", mode=0o4711)
    add(tar, "usr/bin/alias", tarfile.LNKTYPE, linkname="usr/bin/tool", mode=0o4711)
    add(tar, "usr/bin/link", tarfile.SYMTYPE, linkname="tool", mode=0o777)
    # cap_net_raw=ep
    add(tar, "usr/bin/capable", content=b"#!/bin/sh\necho capable\n", mode=0o755, pax_headers={
        "SCHILY.xattr.security.capability": "\x01\0\0\x02\0\x20" + "\0" * 14})
    add(tar, "usr/share/tool/data", content="".join(f"{i}\n" for i in range(1000)).encode())
    add(tar, "var/pipe", tarfile.FIFOTYPE, mode=0o600)
with tarfile.open(sys.argv[2], "w", format=tarfile.PAX_FORMAT) as tar:
    directories(tar, "var", "var/lib")
    add(tar, "var/lib/svc", tarfile.DIRTYPE, mode=0o700, uname="svc", gname="svc", uid=100, gid=101)
    add(tar, "var/lib/svc/state", content=b"0\n", mode=0o600, uname="svc", gname="svc", uid=100, gid=101)
PYTHON
  printf '#!/bin/sh\naddgroup -S -g 101 svc\nadduser -S -D -H -u 100 -G svc svc\n' >svc.pre-install
  printf '#!/bin/sh\necho made >/var/made-by-trigger\n' >svc.trigger
  mkdir -p files-lib/usr/lib
  echo lib >files-lib/usr/lib/lib.so
  local options=(--version 1-r0 --arch "$1" --build-time 1700000000 -d "repository/$1")
  "$TARN" -q apk pack --tar tool.tar --name tool --depend lib --keep-times "${options[@]}" >/dev/null
  "$TARN" -q apk pack --tar svc.tar --name svc --depend tool --keep-times "${options[@]}" \
    --script pre-install=svc.pre-install --script trigger=svc.trigger --trigger /usr/share/tool \
    >/dev/null
  "$TARN" -q apk pack files-lib --name lib "${options[@]}" >/dev/null
}

write_shop_recipe() {
  cat <<YAML
contents:
  build_repositories: ["$BATS_FILE_TMPDIR/repository"]
  keyring: ["$BATS_FILE_TMPDIR/keys"]
  packages: [svc]
archs: [x86_64, aarch64]
entrypoint: {command: /usr/bin/tool}
cmd: serve --now
environment: {COLOUR: blue}
work-dir: /srv
volumes: [/srv/data]
exposed-ports: [8080]
stop-signal: SIGQUIT
annotations: {team: shop}
accounts: {run-as: svc}
files:
  - {path: /etc/motd, content: "hello\n"}
paths:
  - {path: /srv/data, type: directory, permissions: 0o750}
YAML
}

setup() {
  need jq python3
  enter_own_folder
  TARN_CACHE=$BATS_FILE_TMPDIR/cache
}

teardown() { stop_servers; }

@test "an image as it was built is sound, wherever it lies" {
  need docker-registry
  cp "$BATS_FILE_TMPDIR"/shop.{yaml,lock.json} .
  start_registry plain
  "$TARN" -q publish shop.yaml "$REGISTRY/shop:1"
  for image in "$BATS_FILE_TMPDIR/shop" "$BATS_FILE_TMPDIR/shop.tar" "$REGISTRY/shop:1"; do
    run -0 --separate-stderr "$TARN" -q verify "$image" --recipe shop.yaml
    [ "$(grep -c 'shop.yaml gives the same, bit by bit' <<<"$output")" -eq 2 ]
    assert_output 'read, all as what refers to them says'
    assert_output '3 packages, '
    run -0 --separate-stderr "$TARN" -q verify "$image" --json
    check_json '.differences == 0 and (.images | length == 2) and .blobs.faults == [] and
      (.images[0].packages | .differences == [] and .database == []
        and (.configuration | map(.path)) == ["etc/group", "etc/passwd", "etc/shadow"]
        and (.unowned | index("etc/motd") != null))' <<<"$output"
  done
}

@test "a recipe is built anew from its lock, and gives the same" {
  cp "$BATS_FILE_TMPDIR/shop.yaml" .
  run "$TARN" -q verify shop.yaml
  assert_status 2
  assert_output 'there is no shop.lock.json'
  run -0 "$TARN" -q verify shop.yaml --locked=ignore --arch x86_64
  cp "$BATS_FILE_TMPDIR/shop.lock.json" .
  run -0 --separate-stderr "$TARN" -q --stats=json verify shop.yaml --json
  check_json '.differences == 0 and .recipe == "shop.yaml" and (.images | map(.rebuilt.same)) == [true, true]' \
    <<<"$output"
  run "$TARN" -q verify shop.yaml --recipe shop.yaml
  assert_status 2
  assert_no_leftovers "$TARN_CACHE"
  [ -z "$(find "$TARN_CACHE" -name 'verify-*')" ]
}

@test "each planted difference is found and named" {
  cp "$BATS_FILE_TMPDIR"/shop.{yaml,lock.json} .
  local name how expected options found=0
  while IFS=$'\t' read -r name how expected; do
    python3 "$BATS_TEST_DIRNAME/plant_difference.py" "$name" "$BATS_FILE_TMPDIR/shop" "planted-$name"
    options=()
    [ "$how" = alone ] || options=(--recipe shop.yaml)
    run "$TARN" -q verify "planted-$name" "${options[@]}"
    [ "$status" -eq 5 ] && [[ $output == *"$expected"* ]] ||
      fail "$name: exit status $status, and not in the output: $expected" "$output"
    printf '# %-32s %-6s %s\n' "$name" "$how" "$(grep -m1 -F -- "$expected" <<<"$output" | cut -c1-150)" >&3
    found=$((found + 1))
    rm -r "planted-$name"
  done < <(python3 "$BATS_TEST_DIRNAME/plant_difference.py" --list)
  echo "# $found differences planted, all found" >&3
  [ "$found" -ge 70 ]
}

@test "one platform's damage does not hide what the other is" {
  python3 "$BATS_TEST_DIRNAME/plant_difference.py" layer-byte-flipped "$BATS_FILE_TMPDIR/shop" bad
  run "$TARN" -q verify bad
  assert_status 5
  assert_output 'linux/arm64 sha256:'
  assert_output '3 packages, '
  run -0 "$TARN" -q verify bad --arch aarch64
  refute_output amd64
}

@test "what the recipe itself changes of packages' files is no difference to it" {
  cp "$BATS_FILE_TMPDIR/shop.yaml" own.yaml
  sed -i 's|^paths:|&\n  - {path: /usr/bin/tool, type: permissions, permissions: 0o755}|' own.yaml
  printf 'prune: [/usr/share/tool]\n' >>own.yaml
  "$TARN" -q lock own.yaml
  "$TARN" -q build own.yaml own:1 own.tar
  run "$TARN" -q verify own.tar
  assert_status 5
  assert_output 'usr/bin/tool [tool]: mode is 0755, not 4711'
  assert_output '--recipe RECIPE'
  run -0 "$TARN" -q verify own.tar --recipe own.yaml
  assert_output 'as the recipe changes them:'
  assert_output 'gives the same, bit by bit'
}

@test "options that made another image have to be given again" {
  cp "$BATS_FILE_TMPDIR"/shop.{yaml,lock.json} .
  "$TARN" -q build shop.yaml shop:1 other.tar --annotation team=other --compression zstd:3 \
    --sbom-in-image
  run -0 "$TARN" -q verify other.tar
  run "$TARN" -q verify other.tar --recipe shop.yaml
  assert_status 5
  assert_output 'annotations.team is other, not shop'
  run -0 "$TARN" -q verify other.tar --recipe shop.yaml --annotation team=other \
    --compression zstd:3 --sbom-in-image
}

@test "images without a database, and what is no image" {
  sed 's/^archs: .*/archs: [x86_64]\napk-database: drop/' "$BATS_FILE_TMPDIR/shop.yaml" >bare.yaml
  "$TARN" -q lock bare.yaml
  "$TARN" -q build bare.yaml bare:1 bare.tar
  run -0 "$TARN" -q verify bare.tar
  assert_output 'it has no package database'
  run -0 "$TARN" -q verify bare.tar --recipe bare.yaml
  run "$TARN" -q verify bare.tar --arch aarch64
  assert_status 1
  run "$TARN" -q verify bare.yaml.gone
  [ "$status" -ne 0 ]
}

@test "images of real packages are sound as they were built" {
  need_shared
  for name in base alpine-base git nginx-php; do
    write_oracle_recipe $name $name.yaml 'prune: ["man"]'
    "$TARN" -q lock --allow-untrusted $name.yaml
    "$TARN" -q build $name.yaml $name:1 $name.tar
    run -0 --separate-stderr "$TARN" -q verify $name.tar
    echo "# $name: $(grep checked <<<"$output")" >&3
    run -0 --separate-stderr "$TARN" -q verify $name.tar --recipe $name.yaml
    assert_output 'gives the same, bit by bit'
  done
}
