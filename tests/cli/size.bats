# Where the octets of an image come from, and what could be left out.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  for arch in x86_64 aarch64; do
    mkdir -p "repository/$arch"
    pack $arch tool 40000 usr/bin/tool --depend virtual --depend lib
    pack $arch lib 90000 usr/lib/libx.so.1
    pack $arch other 20000 usr/share/man/man1/other.1 --depend one
    pack $arch one 3000 usr/share/one --provide virtual --provider-priority 2
    pack $arch two 5000 usr/share/two --provide virtual --provider-priority 1
    index_folder "repository/$arch"
  done
}

# pack ARCH NAME SIZE PATH [OPTION…]: a package of one file that cannot be compressed.
pack() {
  local arch=$1 name=$2 size=$3 path=$4 files=files-$1-$2
  shift 4
  mkdir -p "$files/${path%/*}"
  head -c "$size" /dev/urandom >"$files/$path"
  "$TARN" -q apk pack "$files" --name "$name" --version 1 --arch "$arch" \
    --build-time 1700000000 --origin "of-$name" -d "repository/$arch" "$@" >/dev/null
}

setup() {
  need jq
  enter_own_folder
  write_recipe 'tool, other' >image.yaml
}

teardown() { stop_servers; }

write_recipe() { # write_recipe PACKAGES
  cat <<YAML
contents:
  build_repositories: ["$BATS_FILE_TMPDIR/repository"]
  keyring: ["$BATS_FILE_TMPDIR/keys"]
  packages: [$1]
archs: [x86_64]
YAML
}

# figure FILTER: a number out of report.json.
figure() { jq -e ".images[0] | $1" report.json; }

@test "a recipe, an archive, a layout, an image of a registry: one report" {
  run --separate-stderr tarn size image.yaml
  assert_status 0
  assert_output "lib 1 "
  assert_output "of-lib "
  assert_output "/usr/lib"
  assert_output "manual pages"
  assert_output "prune: [man]"
  recipe=$output
  tarn -q build image.yaml x:1 image.tar >/dev/null
  tarn -q build image.yaml x:1 layout/ >/dev/null
  names=(image.tar layout)
  if command -v docker-registry >/dev/null; then
    start_registry plain
    tarn -q publish image.yaml "$REGISTRY/team/x:1" >/dev/null
    names+=("$REGISTRY/team/x:1")
  fi
  for name in "${names[@]}"; do
    run --separate-stderr tarn size "$name"
    [ "$output" = "$recipe" ] || fail "not as the recipe: $name" "$output" "$recipe"
  done
}

@test "--json adds up to the layers, in each compression" {
  for codec in gzip zstd none; do
    { write_recipe 'tool, other' && echo "compression: {codec: $codec}"; } >$codec.yaml
    tarn -q build $codec.yaml x:1 $codec.tar >/dev/null
    tarn size $codec.tar --json >report.json
    size=$(bsdtar -xOf $codec.tar manifest.json | jq -r '.[0].Layers[0]' |
      xargs bsdtar -xOf $codec.tar | wc -c)
    for measure in installed compressed files; do
      check_json ".images[0] | .$measure as \$whole |
        ([.packages[], .unowned, .hidden | .$measure] | add) == \$whole and
        ([.origins[], .hidden | .$measure] | add) == \$whole and
        ([.types[], .hidden | .$measure] | add) == \$whole and
        .tree.$measure + .hidden.$measure == \$whole and
        (.tree | [.. | objects | select(has(\"children\")) |
          .$measure >= ([.children[].$measure] | add)] | all)" <report.json
    done
    [ "$(figure .compressed)" -eq "$size" ]
    check_json '.images[0].packages[] | select(.name == "lib") |
      .installed == 90000 and .compressed >= 90000 and .compressed < 92000' <report.json
  done
}

@test "what goes with a package that was asked for" {
  tarn size image.yaml --json >report.json
  check_json '.images | length == 1 and (.[0].packages |
    map({key: .name, value: .}) | from_entries |
    .tool.wanted and .tool.alone.packages == 2 and .tool.alone.installed == 130000 and
    .other.alone.packages == 1 and .other.alone.installed == 20000 and
    (.lib | .wanted | not) and (has("two") | not))' <report.json
  # One and two provide what tool needs; two would do without one.
  write_recipe 'tool, other, two' >both.yaml
  tarn size both.yaml --json >report.json
  check_json '.images[0].packages | map({key: .name, value: .}) | from_entries |
    .other.alone.packages == 2 and .other.alone.installed == 23000 and .two.alone.packages == 1' <report.json
}

@test "savings are what a build without them lacks" {
  tarn size image.yaml --json >report.json
  cp report.json before.json
  # saves WHAT, in the recipe that is here now: to the octet; compressed, the package database and
  # the headers of directories change as well.
  saves() {
    tarn -q size changed.yaml --json >report.json
    local installed compressed database
    database=$(jq '[.images[0].tree | .. | objects | select(.name == "installed") | .installed] | add' \
      before.json report.json | jq -s '.[0] - .[1]')
    installed=$(jq -s --arg what "$1" '.[0].images[0].installed - .[1].images[0].installed -
      (.[0].images[0].savings[] | select(.what == $what) | .installed)' before.json report.json)
    compressed=$(jq -s --arg what "$1" '.[0].images[0].compressed - .[1].images[0].compressed -
      (.[0].images[0].savings[] | select(.what == $what) | .compressed)' before.json report.json)
    # The world has the names of packages.
    [ "$((installed - database))" -ge 0 ] && [ "$((installed - database))" -le 10 ] ||
      fail "$1: $installed octets more than said, the database $database"
    [ "${compressed#-}" -lt 700 ] || fail "$1: compressed $compressed octets more than said"
  }
  { cat image.yaml && echo 'prune: [man]'; } >changed.yaml
  saves 'prune: [man]'
  write_recipe other >changed.yaml
  saves 'without tool'
  write_recipe tool >changed.yaml
  saves 'without other'
  { cat image.yaml && echo 'apk-database: drop'; } >changed.yaml
  tarn -q size changed.yaml --json >report.json
  check_json '(.[0].images[0] as $before | .[1].images[0] as $after |
    $before.installed - $after.installed ==
    ($before.savings[] | select(.what == "apk-database: drop") | .installed))' \
    < <(jq -s . before.json report.json)
}

@test "several architectures, several layers" {
  sed -i 's/archs: .*/archs: [x86_64, aarch64]/' image.yaml
  echo 'layering: {strategy: origin, budget: 3}' >>image.yaml
  run --separate-stderr tarn size image.yaml
  assert_status 0
  assert_output "linux/arm64: "
  assert_output "linux/amd64: "
  tarn size image.yaml --arch aarch64 --json >report.json
  check_json '.images | length == 1 and (.[0] | .hidden.compressed > 0 and
    ([.packages[], .unowned, .hidden | .compressed] | add) == .compressed)' <report.json
  run tarn size image.yaml --html size.html
  assert_status 2
  assert_output "--arch"
  [ ! -e size.html ]
  run tarn size image.yaml --html size.html --arch aarch64
  assert_status 0
  grep -q '"platform":"linux/arm64"' size.html
}

@test "--rows says how much is listed; columns add up all the same" {
  run --separate-stderr tarn size image.yaml --rows 1
  assert_output "(3 more)"
  refute_output "other 1 "
  run --separate-stderr tarn size image.yaml --rows 0
  assert_output "other 1 "
  refute_output " more)"
}

@test "an image without a database, and one that is none" {
  echo 'apk-database: drop' >>image.yaml
  run tarn size image.yaml
  assert_status 0
  assert_output "has no apk database"
  refute_output "lib 1 "
  echo nothing >image.tar
  run tarn size image.tar
  [ "$status" -ne 0 ]
}

@test "--html writes one page that is whole and names no other place" {
  run tarn size image.yaml --html size.html
  assert_status 0
  assert_no_leftovers .
  tarn -q size image.yaml --html - | cmp - size.html
  run tarn size image.yaml --html other.html --json
  assert_status 2
  ! grep -E '<(script|img|link)[^>]* (src|href)="?[^d"]|https?://|url\(|@import|fetch\(|XMLHttp|WebSocket' size.html
  grep -q "default-src 'none'" size.html
  grep -q '"tool","1","of-tool"' size.html
}
