# tarn tree, tarn search, tarn apk info --recipe: what a recipe's plan and repositories hold.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  make_repository repo/main x86_64 <<'EOF'
app 1.0-r0 lib so:libz.so.1 t:The_application
lib 2.0-r1 so:libz.so.1
lib 2.0-r0 so:libz.so.1
zlib 1.3-r0 p:so:libz.so.1=1.3 t:Compression
editor 9-r0 so:libz.so.1 t:An_editor
EOF
  make_repository repo/main aarch64 <<'EOF'
app 1.0-r0 lib t:The_application
lib 2.0-r0
EOF
  cat >app.yaml <<EOF
contents:
  repositories: ["$PWD/repo/main"]
  keyring: ["$PWD/keys"]
  packages: [app]
archs: [x86_64]
EOF
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  cp "$BATS_FILE_TMPDIR/app.yaml" .
}

expect() {
  [ "$output" = "$1" ] || fail "expected:" "$1" "found:" "$output"
}

@test "tree: in the characters of the locale" {
  run -0 --separate-stderr "$TARN" tree app.yaml
  expect 'app.yaml, x86_64
└── app-1.0-r0
    ├── lib-2.0-r1
    │   └── zlib-1.3-r0 (so:libz.so.1)
    └── zlib-1.3-r0 (so:libz.so.1)'
  LC_ALL=C run -0 --separate-stderr "$TARN" tree app.yaml lib
  expect 'app.yaml, x86_64
`-- lib-2.0-r1
    `-- zlib-1.3-r0 (so:libz.so.1)'
}

@test "tree: reverse, from a package or a name, and from all that need nothing" {
  run -0 --separate-stderr "$TARN" tree app.yaml --reverse so:libz.so.1
  expect 'app.yaml, x86_64
└── zlib-1.3-r0
    ├── lib-2.0-r1 (so:libz.so.1)
    │   └── app-1.0-r0
    │       └── app.yaml:4:14
    └── app-1.0-r0 (so:libz.so.1) *
* what stands below it is shown above'
  reverse=$output
  run -0 --separate-stderr "$TARN" tree app.yaml --reverse
  expect "$reverse"
}

@test "tree: graph and JSON" {
  run -0 --separate-stderr "$TARN" tree app.yaml --dot
  assert_output 'digraph "app.yaml, x86_64" {'
  assert_output '"app.yaml:4:14" -> "app-1.0-r0"'
  assert_output '"lib-2.0-r1" -> "zlib-1.3-r0" [label="so:libz.so.1"];'
  "$TARN" tree app.yaml --json | check_json '.architectures[0].packages | map(.package)
    == ["zlib-1.3-r0", "lib-2.0-r1", "app-1.0-r0"]'
  "$TARN" tree app.yaml --reverse --json zlib | check_json '.architectures[0]
    | .roots == [{"package": "zlib-1.3-r0"}] and .packages[2].wanted_by[0].origin == "app.yaml:4:14"'
  run "$TARN" tree app.yaml --json --dot
  assert_status 2
}

@test "tree: several architectures, and a package that is not there" {
  run -0 --separate-stderr "$TARN" tree app.yaml --arch x86_64,aarch64
  assert_output "app.yaml, aarch64"
  assert_output "app.yaml, x86_64"
  run -0 --separate-stderr "$TARN" tree app.yaml zlib --arch x86_64,aarch64
  refute_output aarch64
  run "$TARN" tree app.yaml editor
  assert_status 1
  assert_output "editor is not in the plan"
  assert_output "tarn why app.yaml editor"
}

@test "plan --explain: who wants each package first, and why it was chosen" {
  run -0 --separate-stderr "$TARN" plan app.yaml --explain
  expect 'package  version  wanted by           chosen
zlib     1.3-r0   app (so:libz.so.1)  only candidate
lib      2.0-r1   app                 newest of 2
app      1.0-r0   app.yaml:4:14       only candidate
x86_64: 3 packages'
  "$TARN" plan app.yaml --explain --json | check_json '.architectures[0].packages[1]
    | .name == "lib" and .wanted_by.package == "app-1.0-r0"
      and .rivals[0].version == "2.0-r0" and .rivals[0].reason == "lower-version"'
  "$TARN" plan app.yaml --json | check_json '.architectures[0].packages[1] | has("wanted_by") | not'
}

@test "search: a part of a name, the highest version first" {
  run -0 --separate-stderr "$TARN" search app.yaml li
  expect 'package  version  repository  description
lib      2.0-r1   repo/main
lib      2.0-r0   repo/main
zlib     1.3-r0   repo/main   Compression'
}

@test "search: globs, provided names, descriptions, exact names" {
  run -0 --separate-stderr "$TARN" search app.yaml 'so:*' edit
  expect 'package  version  repository  provides      description
editor   9-r0     repo/main                 An editor
zlib     1.3-r0   repo/main   so:libz.so.1  Compression'
  run -0 --separate-stderr "$TARN" search app.yaml application --description
  expect 'package  version  repository  description
app      1.0-r0   repo/main   The application'
  run -0 --separate-stderr "$TARN" search app.yaml --exact zlib
  assert_output Compression
  "$TARN" search app.yaml --exact lib --json | check_json '.packages | map(.version) == ["2.0-r1", "2.0-r0"]'
}

@test "search: works for recipes without a plan, and says when nothing is found" {
  sed -i 's/packages: .*/packages: [no-such-thing]/' app.yaml
  run -0 --separate-stderr "$TARN" search app.yaml editor
  assert_output "An editor"
  run "$TARN" search app.yaml application
  assert_status 1
  assert_output "no package of the repositories fits 'application'"
  assert_output "hint: --description"
  run --separate-stderr "$TARN" search app.yaml nothing-here --json
  assert_status 1
  check_json '.packages == []' <<<"$output"
}

@test "search: several architectures in one table" {
  run -0 --separate-stderr "$TARN" search app.yaml --exact lib zlib app --arch x86_64,aarch64
  expect 'package  version  repository  architectures    description
app      1.0-r0   repo/main   aarch64, x86_64  The application
lib      2.0-r1   repo/main   x86_64
lib      2.0-r0   repo/main   aarch64, x86_64
zlib     1.3-r0   repo/main   x86_64           Compression'
}

@test "apk info --recipe: what the indexes say of packages" {
  run -0 --separate-stderr "$TARN" apk info --recipe app.yaml zlib
  assert_output "kind: indexed package"
  assert_output "provides: so:libz.so.1=1.3"
  assert_output "required_by_count: 4"
  by_label=$("$TARN" apk info zlib-1.3-r0 --recipe app.yaml)
  [ "$by_label" = "$output" ]
  by_name=$("$TARN" apk info so:libz.so.1 --recipe app.yaml)
  [ "$by_name" = "$output" ]
  "$TARN" apk info --recipe app.yaml lib app --json |
    check_json 'map(.name + " " + .version) == ["lib 2.0-r1", "lib 2.0-r0", "app 1.0-r0"]'
  "$TARN" apk info --recipe app.yaml app --arch x86_64,aarch64 --json |
    check_json 'map(.architecture) == ["aarch64", "x86_64"]'
}

@test "apk info --recipe: what goes wrong" {
  run "$TARN" apk info --recipe app.yaml editr
  assert_status 1
  assert_output "similar: editor"
  run "$TARN" apk info --arch x86_64 some.apk
  assert_status 2
  assert_output "--recipe"
}
