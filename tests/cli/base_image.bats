# Images on top of others.

bats_require_minimum_version 1.5.0
load helper
load consumers

setup() {
  need_shared
  need jq
  # Or etc/shadow would tell which packages were there when an account was made.
  export SOURCE_DATE_EPOCH=1700000000
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache
}

# write_recipe FILE PACKAGES [more YAML under contents] [more YAML]: of real packages.
write_recipe() {
  cat >"$1" <<YAML
contents:
  repositories: ["$SHARED/mirror/alpine/v3.19.1-bootmedia"]
  keyring: ["$SHARED/keys"]
  packages: [$2]
${3:+  $3}
archs: [x86_64]
${4:-}
YAML
}

build_base() {
  write_recipe base.yaml "alpine-baselayout, busybox" "" "entrypoint: {command: /bin/busybox}
environment: {FROM_BASE: '1'}
accounts: {run-as: nobody, users: [{username: worker, uid: 1234}]}"
  "$TARN" build base.yaml base:latest base/
}

manifest_of() { # manifest_of LAYOUT
  jq -r '.manifests[0].digest | sub("sha256:"; "")' "$1/index.json" |
    { read -r digest && cat "$1/blobs/sha256/$digest"; }
}

unpacked() { # unpacked LAYOUT: lists what umoci makes of it
  timeout 60 umoci unpack --image "$1:latest" "$1.bundle" >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
  python3 "$BATS_TEST_DIRNAME/tree_listing.py" "$1.bundle/rootfs" --without time
}

@test "on a base lies what one build of all packages has" {
  needs umoci
  needs_root
  build_base
  write_recipe top.yaml "openssl, alpine-keys" "baseimage: {image: base}"
  "$TARN" build top.yaml top:latest top/
  write_recipe all.yaml "alpine-baselayout, busybox, openssl, alpine-keys" "" \
    "accounts: {users: [{username: worker, uid: 1234}]}"
  "$TARN" build all.yaml all:latest all/
  unpacked top >top.tree
  unpacked all >all.tree
  diff top.tree all.tree
  for file in installed scripts.tar; do
    cmp top.bundle/rootfs/lib/apk/db/$file all.bundle/rootfs/lib/apk/db/$file
  done
  # The base's layer is below, octet for octet, and nothing of it is in ours.
  [ "$(manifest_of top | jq -r '.layers | length')" = 2 ]
  [ "$(manifest_of top | jq -r '.layers[0].digest')" = "$(manifest_of base | jq -r '.layers[0].digest')" ]
  digest=$(manifest_of top | jq -r '.layers[1].digest | sub("sha256:"; "")')
  bsdtar -tf "top/blobs/sha256/$digest" >listing
  grep -qx usr/bin/openssl listing
  grep -qx lib/apk/db/installed listing
  ! grep -qx bin/busybox listing
  ! grep -qx etc/passwd listing
}

@test "the base's config holds where the recipe says nothing else" {
  build_base
  write_recipe top.yaml openssl "baseimage: {image: base}" "cmd: sh"
  "$TARN" build top.yaml top:latest top/
  manifest_of top | jq -r '.config.digest | sub("sha256:"; "")' | { read -r d && cp "top/blobs/sha256/$d" config; }
  [ "$(jq -c '.config.Entrypoint, .config.Cmd' config | tr '\n' ' ')" = '["/bin/busybox"] ["sh"] ' ]
  [ "$(jq -r .config.User config)" = 65534 ]
  [ "$(jq -c '.rootfs.diff_ids | length' config)" = 2 ]
  [ "$(jq -c '.history | length' config)" = 2 ]
  ! jq -r '.config.Env[]' config | grep -q FROM_BASE
}

@test "what is removed and changed of the base shows in the image" {
  needs umoci
  needs_root
  build_base
  write_recipe top.yaml openssl "baseimage: {image: base}" "prune: [/etc/modules-load.d, /etc/motd]
accounts: {users: [{username: late, uid: 4321}]}
paths: [{path: /etc/profile, type: permissions, permissions: 0o600}]"
  "$TARN" build top.yaml top:latest top/
  unpacked top >top.tree
  [ ! -e top.bundle/rootfs/etc/motd ]
  [ ! -e top.bundle/rootfs/etc/modules-load.d ]
  [ "$(stat -c %a top.bundle/rootfs/etc/profile)" = 600 ]
  grep -q '^worker:x:1234:' top.bundle/rootfs/etc/passwd
  grep -q '^late:x:4321:' top.bundle/rootfs/etc/passwd
  # A tree written by other outputs is the same.
  "$TARN" build top.yaml top:latest -o type=tar,dest=top.tar
  ! bsdtar -tf top.tar | grep -E 'wh\.|etc/motd'
  bsdtar -tvf top.tar | grep -q -- '-rw-------.* etc/profile'
}

@test "the same octets for any number of threads" {
  build_base
  write_recipe top.yaml openssl "baseimage: {image: base}"
  [ "$("$TARN" --threads 1 build top.yaml top:latest one/)" = "$("$TARN" --threads 5 build top.yaml top:latest five/)" ]
}

@test "what is wrong with a base is said" {
  build_base
  write_recipe top.yaml openssl "baseimage: {image: absent}"
  run -2 "$TARN" build top.yaml
  assert_output "'absent' is not there"
  mkdir none
  write_recipe top.yaml openssl "baseimage: {image: none}"
  run -1 "$TARN" build top.yaml
  assert_output "none is no OCI image layout"
  write_recipe top.yaml openssl "baseimage: {image: base}"
  run -1 "$TARN" build top.yaml --arch aarch64
  assert_output "has no image for linux/arm64"
  assert_output "linux/amd64"
  write_recipe top.yaml "openssl, busybox<1" "baseimage: {image: base}"
  run -3 "$TARN" build top.yaml
  assert_output busybox
  write_recipe top.yaml openssl "baseimage: {image: base}" "layering: {strategy: origin, budget: 3}"
  run -2 "$TARN" build top.yaml
  assert_output "several layers on top of a base image"
  write_recipe top.yaml openssl "baseimage: {image: base}"
  layer=base/blobs/sha256/$(manifest_of base | jq -r '.layers[0].digest | sub("sha256:"; "")')
  printf x | dd of="$layer" bs=1 seek=5000 conv=notrunc status=none
  run -5 "$TARN" build top.yaml
  assert_output "has not the digest of its name"
  truncate -s -1 "$layer"
  run -5 "$TARN" build top.yaml
  assert_output "not of the size"
}
