# Where images go: every type of output, twice the same, with the tree that the layer has.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load consumers

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  make_special_package
  cat >recipe.yaml <<YAML
contents:
  repositories: ["$PWD/repository"]
  keyring: ["$PWD/keys"]
  packages: [special]
archs: [x86_64]
YAML
  sed 's/archs: .*/archs: [x86_64, aarch64]/' recipe.yaml >two.yaml
  { cat recipe.yaml && echo 'compression: {codec: zstd}'; } >zstd.yaml
}

# A package with what is hard to keep: owners, set-id bits, hard links, a fifo, attributes, names.
make_special_package() {
  local arch
  mkdir -p files/usr/bin files/var/empty files/etc
  printf '#!/bin/sh\necho tool\n' >files/usr/bin/tool
  ln files/usr/bin/tool files/usr/bin/alias
  ln -s tool files/usr/bin/link
  ln -s "$(printf 'far/%.0s' $(seq 30))away" files/usr/bin/far
  echo secret >files/etc/secret
  echo odd >"files/etc/a \"quoted\" naïve name"
  mkfifo files/var/pipe
  head -c 300000 /dev/zero >files/var/sparse
  seq 60000 >files/var/numbers
  chmod 4711 files/usr/bin/tool
  chmod 640 files/etc/secret
  chmod 555 files/var/empty
  # cap_net_raw=ep, where root may say so and the file system holds it.
  python3 - files/usr/bin/capable <<'PYTHON' || true
import os, sys
open(sys.argv[1], "w").close()
os.setxattr(sys.argv[1], "user.note", b"a\0b")
os.setxattr(sys.argv[1], "security.capability", bytes.fromhex("01000002002000000000000000000000" "00000000"))
PYTHON
  for arch in x86_64 aarch64; do
    mkdir -p "repository/$arch"
    "$TARN" -q apk pack files --name special --version 1-r0 --arch "$arch" --build-time 1700000000 \
      -d "repository/$arch" >/dev/null
    index_folder "repository/$arch"
  done
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache
  recipe=$BATS_FILE_TMPDIR/recipe.yaml
  cat >paths.yaml <<YAML
include: $recipe
paths:
  - {path: /etc/secret, type: permissions, uid: 12, gid: 34, permissions: 0o640}
  - {path: /srv/big, type: empty-file, uid: 70000, gid: 70001, permissions: 0o2755}
YAML
  mounted=()
}

teardown() {
  local folder
  for folder in "${mounted[@]}"; do umount "$folder" || true; done
}

build() {
  "$TARN" -q build "$@"
}

listing() {
  python3 "$project/tests/cli/tree_listing.py" "$@"
}

# same_tree FOLDER TAR [OPTION…]: both list the same.
same_tree() {
  local folder=$1 tar=$2
  shift 2
  listing "$folder" "$@" >found.txt
  listing "$tar" "$@" >expected.txt
  [ "$(wc -l <expected.txt)" -gt 15 ]
  diff expected.txt found.txt
}

# mount_image IMAGE TYPE: at the folder mnt, or skips.
mount_image() {
  [ "$(id -u)" = 0 ] || skip "mounting takes root"
  mkdir -p mnt
  mount -t "$2" -o loop,ro "$1" mnt 2>mount.log || skip "cannot mount $2: $(cat mount.log)"
  mounted+=("$PWD/mnt")
}

# twice OUTPUT…: builds into one/ and two/, which must be the same afterwards.
twice() {
  local output folder
  for folder in one two; do
    mkdir $folder
    local -a options=()
    for output in "$@"; do options+=(-o "${output//DIR/$folder}"); done
    TZ=$([ $folder = one ] && echo UTC || echo Asia/Tokyo) build paths.yaml base:latest "${options[@]}" \
      --cache "$PWD/cache-$folder"
  done
  diff -r one two
}

@test "names say types, several outputs cost one build, each is there twice the same" {
  twice DIR/base.tar DIR/layout/ DIR/x.oci.tar DIR/x.docker.tar DIR/r.rootfs.tar DIR/r.tar.gz DIR/r.tar.zst \
    DIR/r.tgz DIR/i.cpio DIR/i.cpio.gz DIR/i.cpio.zst
  cd one
  [ "$(check_with_skopeo base.tar)" = "$(check_with_skopeo layout)" ]
  cmp r.tar.gz r.tgz
  zcat r.tar.gz | cmp - r.rootfs.tar
  zstdcat r.tar.zst | cmp - r.rootfs.tar
  zcat i.cpio.gz | cmp - i.cpio
  zstdcat i.cpio.zst | cmp - i.cpio
  # The rootfs is the layer's own tar, and its own blob where the compression is the same.
  layer=$(bsdtar -xOf base.tar manifest.json | jq -r '.[0].Layers[0]')
  [ "$(sha256sum <r.tar.gz | cut -d' ' -f1)" = "${layer#blobs/sha256/}" ]
  diff_id=$(bsdtar -xOf base.tar "$(bsdtar -xOf base.tar manifest.json | jq -r '.[0].Config')" |
    jq -r '.rootfs.diff_ids[0]')
  [ "sha256:$(sha256sum <r.rootfs.tar | cut -d' ' -f1)" = "$diff_id" ]
}

@test "a pure oci-archive and docker-archive are read by skopeo and podman" {
  needs skopeo jq
  digest=$(build "$recipe" base:1 -o x.oci.tar -o type=docker-archive,dest=d.tar)
  [ "sha256:$(skopeo inspect --raw oci-archive:x.oci.tar | sha256sum | cut -d' ' -f1)" = "$digest" ]
  [ "$(bsdtar -tf x.oci.tar | grep -c manifest.json || true)" = 0 ]
  bsdtar -tf d.tar | sort >names
  [ "$(wc -l <names)" = 3 ]
  grep -qx '[0-9a-f]\{64\}.json' names
  grep -qx '[0-9a-f]\{64\}.tar.gz' names
  skopeo --insecure-policy copy --quiet docker-archive:d.tar:docker.io/library/base:1 oci:copy
  config=$(bsdtar -xOf d.tar manifest.json | jq -r '.[0].Config')
  [ "$(bsdtar -xOf d.tar "$config" | sha256sum | cut -d' ' -f1).json" = "$config" ]
  { cat "$recipe" && echo 'compression: {codec: none}'; } >none.yaml
  build none.yaml base:1 -o n.docker.tar
  bsdtar -tf n.docker.tar | grep -x '[0-9a-f]\{64\}.tar'
  skopeo inspect docker-archive:n.docker.tar >/dev/null
}

@test "a directory has the layer's tree" {
  [ "$(id -u)" = 0 ] || skip "owners are root's to give"
  build paths.yaml -o r.rootfs.tar -o type=dir,dest=tree
  same_tree tree r.rootfs.tar
  [ "$(stat -c '%a %Y' tree)" = "755 1700000000" ]
}

# as_user COMMAND…: as somebody without any privilege, in a folder of their own.
as_user() {
  setpriv --reuid 4321 --regid 4321 --clear-groups env HOME="$PWD" TARN_CACHE="$PWD/cache" "$@"
}

@test "a user gets what a user may have, and what fakeroot shows" {
  [ "$(id -u)" = 0 ] || skip "becoming another user takes root"
  need fakeroot setpriv
  home=$(mktemp -d /var/tmp/tarn-sinks.XXXXXX)
  cp -r "$BATS_FILE_TMPDIR"/{repository,keys} paths.yaml "$home"
  sed "s#$BATS_FILE_TMPDIR#$home#g" "$recipe" >"$home/recipe.yaml"
  sed -i "s#include: .*#include: $home/recipe.yaml#" "$home/paths.yaml"
  cp "$TARN" "$home/tarn"
  chown -R 4321:4321 "$home"
  chmod 755 "$home"
  cd "$home"
  as_user ./tarn build paths.yaml -o type=dir,dest=plain -o r.rootfs.tar 2>messages
  as_user ./tarn -q build paths.yaml -o type=dir,dest=tree --fakeroot-db db
  listing r.rootfs.tar --without owner,xattrs >expected.txt
  sed -i "s/'0o4711'/'0o711'/; s/'0o2755'/'0o755'/" expected.txt
  listing plain --without owner,xattrs >found.txt
  as_user fakeroot -i db python3 "$project/tests/cli/tree_listing.py" tree \
    --without xattrs >fakeroot.txt
  listing r.rootfs.tar --without xattrs >rootfs.txt
  cd "$BATS_TEST_TMPDIR"
  cp "$home"/{messages,*.txt} .
  chmod -R u+rwX "$home" && rm -rf "$home"
  diff rootfs.txt fakeroot.txt
  grep -E 'plain: left out of [0-9]+ files: owners: .* \(0:0\), .*, …' messages
  grep -E 'plain: left out of 2 files: set-id bits: .*usr/bin/(alias|tool) \(4711\)' messages
  diff expected.txt found.txt
}

@test "cpio unpacks to the layer's tree, hard links kept" {
  need cpio
  [ "$(id -u)" = 0 ] || skip "owners are root's to give"
  build paths.yaml -o i.cpio -o r.rootfs.tar 2>messages
  if listing r.rootfs.tar | grep -q "('security.capability"; then
    grep 'i.cpio: left out of 1 file: extended attributes, which cpio cannot hold: usr/bin/capable' messages
  fi
  mkdir tree
  (cd tree && cpio -idm --quiet <../i.cpio)
  # cpio sets no times of links, and a folder's before it is filled.
  same_tree tree r.rootfs.tar --without time,xattrs
  cpio -itv --quiet <i.cpio >listing
  [ "$(grep -c 'usr/bin/\(alias\|tool\)$' listing)" = 2 ]
  mkdir by-bsdtar
  bsdtar -xpf i.cpio -C by-bsdtar
  same_tree by-bsdtar r.rootfs.tar --without time,xattrs
}

@test "squashfs is the same each time and mounts as the layer's tree" {
  need mksquashfs unsquashfs
  twice DIR/x.squashfs type=squashfs,dest=DIR/z.img,compression=zstd DIR/r.rootfs.tar
  [ "$(unsquashfs -s one/z.img | grep -c 'Compression zstd')" = 1 ]
  mount_image one/x.squashfs squashfs
  same_tree mnt one/r.rootfs.tar
  [ "$(stat -c '%a %u:%g %Y' mnt)" = "755 0:0 1700000000" ]
}

@test "erofs is the same each time and mounts as the layer's tree" {
  need mkfs.erofs
  [ "$(id -u)" = 0 ] || skip "owners are root's to give"
  twice DIR/x.erofs type=erofs,dest=DIR/n.img,compression=none DIR/r.rootfs.tar
  [ "$(stat -c %s one/x.erofs)" -lt "$(stat -c %s one/n.img)" ]
  mount_image one/x.erofs erofs
  same_tree mnt one/r.rootfs.tar
  [ "$(stat -c '%a %u:%g %Y' mnt)" = "755 0:0 1700000000" ]
}

@test "ext4 is the same each time, sound, and mounts as the layer's tree" {
  need mke2fs debugfs e2fsck
  twice DIR/x.ext4 type=ext4,dest=DIR/big.img,size=64M DIR/r.rootfs.tar
  PATH=$PATH:/usr/sbin:/sbin
  e2fsck -fn one/x.ext4
  e2fsck -fn one/big.img
  [ "$(stat -c %s one/big.img)" = $((64 << 20)) ]
  mount_image one/x.ext4 ext4
  same_tree mnt one/r.rootfs.tar --skip lost+found
  [ "$(stat -c '%a %u:%g %Y' mnt)" = "755 0:0 1700000000" ]
}

@test "file systems need no privilege" {
  [ "$(id -u)" = 0 ] || skip "becoming another user takes root"
  need mksquashfs mke2fs debugfs setpriv
  home=$(mktemp -d /var/tmp/tarn-sinks.XXXXXX)
  cp -r "$BATS_FILE_TMPDIR"/{repository,keys} paths.yaml "$home"
  # The repository's own name is written into the image.
  sed "s#$BATS_FILE_TMPDIR#$home#g" "$recipe" >"$home/recipe.yaml"
  sed -i "s#include: .*#include: $home/recipe.yaml#" "$home/paths.yaml"
  cp "$TARN" "$home/tarn"
  chown -R 4321:4321 "$home"
  chmod 755 "$home"
  cd "$home"
  as_user ./tarn -q build paths.yaml -o u.squashfs -o u.ext4 >/dev/null
  "$TARN" -q build paths.yaml -o r.squashfs -o r.ext4 >/dev/null
  same=$(cmp u.squashfs r.squashfs 2>&1 && cmp u.ext4 r.ext4 2>&1 && echo same) || true
  run -1 as_user ./tarn build paths.yaml -o u.erofs
  cd "$BATS_TEST_TMPDIR"
  rm -rf "$home"
  [ "$same" = same ] || fail "$same"
  assert_output "mkfs.erofs"
  assert_output "hint: run as root"
}

# as_daemon COMMAND…: as a user who has subordinate ids.
as_daemon() {
  echo daemon:200000:65536 >"$BATS_TEST_TMPDIR/subordinate"
  unshare -m sh -c 'mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid && shift && exec "$@"' \
    sh "$BATS_TEST_TMPDIR/subordinate" setpriv --reuid 1 --regid 1 --clear-groups \
    env HOME="$PWD" TARN_CACHE="$PWD/cache" "$@"
}

@test "erofs by a user with subordinate ids is the same" {
  [ "$(id -u)" = 0 ] || skip "becoming another user takes root"
  need mkfs.erofs setpriv unshare newuidmap
  [ "$(id -un 1)" = daemon ] && [ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "no user daemon"
  home=$(mktemp -d /var/tmp/tarn-sinks.XXXXXX)
  cp -r "$BATS_FILE_TMPDIR"/{repository,keys} paths.yaml "$home"
  sed "s#$BATS_FILE_TMPDIR#$home#g" "$recipe" >"$home/recipe.yaml"
  sed -i "s#include: .*#include: $home/recipe.yaml#; /srv\/big/d" "$home/paths.yaml"
  cp "$TARN" "$home/tarn"
  chown -R 1:1 "$home"
  cd "$home"
  as_daemon ./tarn -q build paths.yaml -o u.erofs >/dev/null || failed=yes
  "$TARN" -q build paths.yaml -o r.erofs >/dev/null
  same=$(cmp u.erofs r.erofs 2>&1 && ls -A && echo same) || true
  cd "$BATS_TEST_TMPDIR"
  rm -rf "$home"
  [ -z "${failed:-}" ]
  [[ "$same" = *same ]] || fail "$same"
  [[ "$same" != *.tarn-* ]] || fail "$same"
}

@test "an ext4 that is too small says so" {
  need mke2fs debugfs
  run -1 build "$recipe" -o type=ext4,dest=x.ext4,size=300K
  assert_output "hint: the tree needs more room"
  [ ! -e x.ext4 ]
  assert_no_leftovers .
}

@test "standard output takes one output, and then nothing else" {
  build "$recipe" base:1 base.tar
  build "$recipe" base:1 -o - >piped.tar
  cmp base.tar piped.tar
  build "$recipe" base:1 -o type=tar,dest=-,compression=gzip >piped.tar.gz
  build "$recipe" base:1 -o type=squashfs,dest=- >piped.sqfs || skip "mksquashfs is not installed"
  build "$recipe" base:1 x.tar.gz -o x.squashfs >/dev/null
  cmp piped.tar.gz x.tar.gz
  cmp piped.sqfs x.squashfs
  "$TARN" build "$recipe" base:1 -o - 2>messages >/dev/null
  grep -x 'sha256:[0-9a-f]\{64\}' messages
  run -2 build "$recipe" -o - --json
  assert_output "both want standard output"
  run -2 build "$recipe" -o - -o type=tar,dest=-
  assert_output "written to by another output"
  run -2 build "$recipe" -o type=dir,dest=-
  assert_output "cannot go to standard output"
}

@test "the number of threads changes nothing" {
  need mksquashfs
  build paths.yaml --threads 1 -o x.squashfs -o x.tgz -o type=tar,dest=l.tgz,level=1 -o x.cpio.gz
  mkdir many
  build paths.yaml --threads 5 -o many/x.squashfs -o many/x.tgz -o type=tar,dest=many/l.tgz,level=1 \
    -o many/x.cpio.gz
  for file in x.squashfs x.tgz l.tgz x.cpio.gz; do cmp $file many/$file; done
}

@test "several architectures: one archive, or a file for each" {
  two=$BATS_FILE_TMPDIR/two.yaml
  build "$two" base:1 base.tar -o 'base-{arch}.tar' -o 'root-{arch}.tar.gz' -o lay/ -o x.oci.tar
  [ "$(bsdtar -xOf base.tar manifest.json | jq length)" = 2 ]
  [ "$(bsdtar -xOf base-aarch64.tar manifest.json | jq -r '.[0].RepoTags[0]')" = base:1 ]
  [ "$(bsdtar -xOf root-aarch64.tar.gz etc/apk/arch)" = aarch64 ]
  [ "$(bsdtar -xOf root-x86_64.tar.gz etc/apk/arch)" = x86_64 ]
  run -2 build "$two" -o root.tar.gz
  assert_output "the type tar holds one architecture, but 2 are built"
  assert_output "hint: write {arch}"
  build "$two" --arch aarch64 -o root.tar.gz
  cmp root.tar.gz root-aarch64.tar.gz
}

@test "--json lists the outputs" {
  "$TARN" -q build "$recipe" base:1 base.tar -o lay/ -o type=dir,dest=tree -o x.tar.zst --json >result.json
  [ "$(jq -r .output result.json)" = base.tar ]
  [ "$(jq -r '[.outputs[].type] | join(" ")' result.json)" = "archive oci dir tar" ]
  [ "$(jq -r '.outputs[0].digest' result.json)" = "sha256:$(sha256sum <base.tar | cut -d' ' -f1)" ]
  [ "$(jq -r '.outputs[3].size' result.json)" = "$(stat -c %s x.tar.zst)" ]
  [ "$(jq -r '.outputs[1].digest' result.json)" = "$(jq -r .digest result.json)" ]
}

@test "what would fail at the end fails before the build" {
  refuse() { # refuse MESSAGE ARGUMENT…: the build says so, and has not begun
    local message=$1
    shift
    run "$TARN" build "$recipe" "$@"
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || fail "status $status" "$output"
    assert_output "$message"
    refute_output "packages, layer"
  }
  mkdir full && echo x >full/file
  refuse "there is no folder" -o missing/base.tar
  refuse "there is no folder" -o good.tar -o type=dir,dest=missing/tree
  refuse "there is no type 'tarball'" -o type=tarball,dest=x
  refuse "types are archive, oci, oci-archive, docker-archive, tar, dir, cpio, squashfs, erofs, ext4" \
    -o type=tarball,dest=x
  refuse "dest is missing" -o type=tar
  refuse "there is no setting 'colour'" -o type=tar,dest=x,colour=red
  refuse "the type archive has no setting 'level'" -o dest=x.tar,level=3
  refuse "'20' is no level: 1 to 12" -o dest=x.tar.gz,level=20
  refuse "what is not compressed has no level" -o type=tar,dest=x.tar,level=2
  refuse "'7z' is no compression" -o type=tar,dest=x.tar,compression=7z
  refuse "is there and is no empty folder" -o type=dir,dest=full
  refuse "neither empty nor an OCI layout" -o full
  refuse "is a folder, not a file" -o type=tar,dest=full
  refuse "is written to by another output" tag x.tar -o type=tar,dest=./x.tar
  refuse "'12Q' is no size" -o type=ext4,dest=x,size=12Q
  refuse "squashfs has no compression 'none'" -o type=squashfs,dest=x,compression=none
  refuse "--fakeroot-db belongs to an output of type dir" --fakeroot-db db -o x.tar
  run -2 build "$BATS_FILE_TMPDIR/zstd.yaml" -o x.docker.tar
  assert_output "a docker-archive cannot hold layers compressed with zstd"
  [ -z "$(ls x* good.tar 2>/dev/null)" ]
}

@test "a layout that has another image of that tag is found before the build" {
  build "$recipe" one:1 lay/
  run -2 "$TARN" build "$recipe" two:1 lay/
  assert_output "has another image with the tag '1'"
  refute_output "packages, layer"
  build "$recipe" two:2 lay/
  [ "$(jq '.manifests | length' lay/index.json)" = 2 ]
}

@test "a missing program is named with its packages, before the build" {
  [ "$(id -u)" = 0 ] || skip "hiding programs takes root"
  need unshare
  for pair in squashfs:mksquashfs:squashfs-tools erofs:mkfs.erofs:erofs-utils ext4:mke2fs:e2fsprogs; do
    IFS=: read -r type program package <<<"$pair"
    found=$(PATH=$PATH:/usr/sbin:/sbin command -v "$program") || continue
    run unshare -m sh -c 'mount --bind /dev/null "$(realpath "$1")" || exit 99; shift; "$@"' sh "$found" \
      "$TARN" build "$recipe" -o "type=$type,dest=x"
    [ "$status" -ne 99 ] || skip "cannot mount here"
    [ "$status" -eq 1 ]
    assert_output "$program is not installed"
    assert_output "Debian has it in the package $package, Alpine in"
  done
}
