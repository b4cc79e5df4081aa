# Images brought from registries: into files, and as bases of others.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  for arch in x86_64 aarch64; do
    echo 'small 1.0-r0' | make_repository repository $arch
  done
}

setup() {
  need docker-registry skopeo jq
  enter_own_folder
  write_recipe base.yaml small
  start_registry plain
  pushed=$("$TARN" publish base.yaml "$REGISTRY/team/base:1")
}

teardown() { stop_servers; }

write_recipe() { # write_recipe FILE PACKAGES [more under contents]
  cat >"$1" <<YAML
contents:
  build_repositories: ["$BATS_FILE_TMPDIR/repository"]
  keyring: ["$BATS_FILE_TMPDIR/keys"]
  packages: [$2]
${3:+  $3}
archs: [x86_64, aarch64]
YAML
}

@test "what was pushed comes back with its digest, whole or for one platform" {
  [ "$REGISTRY/team/base@$("$TARN" pull "$REGISTRY/team/base:1" layout/)" = "$pushed" ]
  [ "$REGISTRY/team/base@$("$TARN" pull "$pushed" image.tar)" = "$pushed" ]
  remote inspect --raw oci:layout >index.json
  [ "sha256:$(sha256sum <index.json | cut -d' ' -f1)" = "${pushed#*@}" ]
  one=$("$TARN" pull --arch aarch64 "$REGISTRY/team/base:1" one/)
  [ "$one" = "$(jq -r '.manifests[] | select(.platform.architecture == "arm64").digest' index.json)" ]
  remote copy --quiet --override-arch arm64 oci:one oci:copy
}

@test "an image on top of a registry's is the one on top of its layout" {
  "$TARN" pull "$REGISTRY/team/base:1" layout/
  write_recipe remote.yaml small "baseimage: {image: 'docker://$REGISTRY/team/base:1'}"
  write_recipe local.yaml small "baseimage: {image: layout}"
  for recipe in remote local; do
    echo 'paths: [{path: /srv/top, type: directory, permissions: 0o755}]' >>$recipe.yaml
  done
  remote=$("$TARN" build remote.yaml top:1 remote.tar)
  local=$("$TARN" build local.yaml top:1 local.tar)
  [ "$remote" = "$local" ]
  cmp remote.tar local.tar
}

@test "what cannot be pulled is said" {
  run -4 "$TARN" pull "$REGISTRY/team/absent" x.tar
  assert_output "has no such image"
  run -1 "$TARN" pull --arch riscv64 "$REGISTRY/team/base:1" x.tar
  assert_output "linux/riscv64"
  run -2 "$TARN" pull UPPER x.tar
  mkdir filled && touch filled/file
  run -2 "$TARN" pull "$REGISTRY/team/base:1" filled/
  # A blob that was changed in the registry's store.
  blob=$(find plain/store -path '*blobs*' -name data -size +0 -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
  printf x | dd of="$blob" bs=1 seek=20 conv=notrunc status=none
  run -5 "$TARN" pull "$REGISTRY/team/base:1" x.tar
  [ ! -e x.tar ]
}
