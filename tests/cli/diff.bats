# What differs in two images, recipes, or both.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  for arch in x86_64 aarch64; do
    pack old $arch base 1.9-r0
    pack old $arch gone 1-r0
    pack new $arch base 1.10-r0
    pack new $arch more 2-r0
    for folder in old new; do
      index_folder "$folder/$arch"
    done
  done
}

# pack REPOSITORY ARCH NAME VERSION: a package with a file of its own.
pack() {
  mkdir -p "$1/$2" "files-$3/usr/share"
  echo "$3" >"files-$3/usr/share/$3"
  "$TARN" -q apk pack "files-$3" --name "$3" --version "$4" --arch "$2" --build-time 1700000000 \
    -d "$1/$2" >/dev/null
}

setup() {
  need jq
  enter_own_folder
  write_recipe old 'base, gone' >old.yaml
  write_recipe new 'base, more' >new.yaml
  printf 'paths: [{path: /srv/own, type: empty-file, permissions: 0o600}]\n' >>new.yaml
  printf 'environment: {COLOUR: red}\n' >>new.yaml
}

teardown() { stop_servers; }

write_recipe() { # write_recipe REPOSITORY PACKAGES
  cat <<YAML
contents:
  build_repositories: ["$BATS_FILE_TMPDIR/$1"]
  keyring: ["$BATS_FILE_TMPDIR/keys"]
  packages: [$2]
archs: [x86_64, aarch64]
YAML
}

@test "recipes, archives, layouts and what lies in a registry compare alike" {
  need docker-registry
  "$TARN" build old.yaml old:1 old.tar
  "$TARN" build new.yaml new:1 layout/
  start_registry plain
  "$TARN" publish old.yaml "$REGISTRY/team/old:1"
  "$TARN" diff old.yaml new.yaml --json >expected
  check_json '.images | length == 2 and all(
    (.packages | map(.name + " " + .change)) == ["base upgraded", "gone removed", "more added"]
    and (.files | any(.path == "srv/own" and .change == "added"))
    and (.config | any(.name == "Env.COLOUR" and .after == "red")))' <expected
  for before in old.tar "$REGISTRY/team/old:1" "docker://$REGISTRY/team/old:1"; do
    for after in layout new.yaml; do
      "$TARN" diff "$before" $after --json | jq 'del(.before, .after)' >found
      jq 'del(.before, .after)' expected | diff - found
    done
  done
}

@test "as text and as Markdown, for one architecture" {
  run "$TARN" -q diff old.yaml new.yaml --arch x86_64
  assert_status 0
  assert_output 'upgraded    base 1.9-r0 → 1.10-r0'
  assert_output '+ srv/own'
  assert_output 'Env.COLOUR none → red'
  refute_output arm64
  run "$TARN" -q diff old.yaml new.yaml --arch x86_64 --markdown
  assert_output '| base | upgraded | 1.9-r0 | 1.10-r0 |'
  run "$TARN" -q diff old.yaml old.yaml
  assert_output 'linux/amd64: no difference'
}

@test "a recipe is compared as its lock has it" {
  cp -r "$BATS_FILE_TMPDIR/old" here
  sed "s|$BATS_FILE_TMPDIR/old|here|; s/, gone//" old.yaml >base.yaml
  "$TARN" -q lock base.yaml
  "$TARN" -q build base.yaml base:1 base.tar
  rm -r here && cp -r "$BATS_FILE_TMPDIR/new" here
  run -0 --separate-stderr "$TARN" -q diff base.tar base.yaml --arch x86_64
  [ "$output" = "linux/amd64: no difference" ]
  run -0 --separate-stderr "$TARN" -q diff base.tar base.yaml --arch x86_64 --locked=ignore
  [[ $output == *"base 1.9-r0 → 1.10-r0"* ]]
  cp base.lock.json old.json
  "$TARN" -q lock --update base.yaml >/dev/null
  run -0 --separate-stderr "$TARN" -q diff old.json base.lock.json --arch x86_64
  [ "$output" = $'linux/amd64\npackages:\n  upgraded    base 1.9-r0 → 1.10-r0 (0 B)' ]
  run -0 --separate-stderr "$TARN" -q diff base.tar base.lock.json --json
  check_json '[.images[] | .platform, (.packages | map(.name + .change)), has("size"), .files] ==
    ["linux/amd64", ["baseupgraded"], false, [], "linux/arm64", ["baseupgraded"], false, []]' \
    <<<"$output"
  run -2 "$TARN" diff gone.json base.lock.json
  [[ $output == *"there is no lock gone.json"* ]]
}

@test "what cannot be compared is refused" {
  "$TARN" build old.yaml old:1 old.tar --arch x86_64
  "$TARN" build old.yaml old:1 arm.tar --arch aarch64
  run "$TARN" diff old.tar arm.tar
  assert_status 1
  assert_output 'no architecture in common'
  run "$TARN" diff old.tar new.yaml --json --markdown
  assert_status 2
  run "$TARN" diff old.tar 'No image'
  assert_status 2
}
