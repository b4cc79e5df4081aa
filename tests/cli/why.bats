# tarn why: a plan explained, package by package.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  make_repository repo/main x86_64 <<'EOF'
app 1.0-r0 lib<3 so:libz.so.1 /bin/sh t:The_application
lib 2.0-r1 so:libz.so.1
lib 2.0-r0 so:libz.so.1
lib 3.0-r0
zlib 1.3-r0 p:so:libz.so.1=1.3 t:Compression
shell 1-r0 p:/bin/sh k:60
small-shell 1-r0 p:/bin/sh k:10
app-docs 1.0-r0 i:app i:docs
docs 1-r0
editor 9-r0 so:libz.so.1 t:An_editor
EOF
  make_repository repo/main aarch64 <<'EOF'
app 1.0-r0 lib
lib 2.0-r0
EOF
  make_repository repo/edge x86_64 <<'EOF'
lib 2.9-r0
EOF
  make_repository repo/edge aarch64 <<'EOF'
news 1-r0
EOF
  cat >app.yaml <<EOF
contents:
  repositories: ["$PWD/repo/main", "@edge $PWD/repo/edge"]
  keyring: ["$PWD/keys"]
  packages:
    - app
archs: [x86_64]
EOF
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  cp "$BATS_FILE_TMPDIR/app.yaml" .
}

@test "why: the chain from the recipe's line, and what lost for which reason" {
  run -0 --separate-stderr "$TARN" why app.yaml lib
  expected='lib-2.0-r1 (repo/main)
  wanted by:
    app.yaml:5:7: app → lib<3 → lib-2.0-r1
  chosen for lib, not:
    lib-3.0-r0 (repo/main): excluded by app-1.0-r0 (lib<3)
    lib-2.9-r0 (repo/edge @edge): only in repo/edge @edge, and nothing allows that tag for it
    lib-2.0-r0 (repo/main): lower version'
  [ "$output" = "$expected" ] || fail "$output"
}

@test "why: by a provided name, as many chains as asked for, in ASCII where the locale asks for it" {
  LC_ALL=C run -0 "$TARN" why app.yaml so:libz.so.1 -p editor
  expected='zlib-1.3-r0 (repo/main): Compression
  wanted by:
    app.yaml:5:7: app -> so:libz.so.1 -> zlib-1.3-r0
    command line: editor -> so:libz.so.1 -> zlib-1.3-r0
  the only candidate for so:libz.so.1'
  [ "$output" = "$expected" ] || fail "$output"
  run -0 "$TARN" why app.yaml so:libz.so.1 -p editor --chains 1
  assert_output "    and 1 more"
  refute_output "command line"
  run -0 "$TARN" why app.yaml so:libz.so.1 -p editor --chains 0
  assert_output "command line"
}

@test "why: JSON" {
  "$TARN" why app.yaml /bin/sh --json >why.json
  jq -e '.architectures[0] | .architecture == "x86_64" and .query == "/bin/sh" and .absent == []' why.json
  jq -e '.architectures[0].present[0] | .name == "shell" and .chains_total == 1
    and .chains[0].origin == "app.yaml:5:7" and .chains[0].links[0].dependencies == ["/bin/sh"]
    and .rivals[0].name == "small-shell" and .rivals[0].reason == "lower-priority"' why.json
}

@test "why: what is not in the plan is told, with exit status 1" {
  run "$TARN" why app.yaml editor
  assert_status 1
  assert_output "error: editor is not in the plan"
  assert_output "there is: editor-9-r0 (repo/main): An editor"
  assert_output "needed by: nothing in the plan or the repositories"
  run "$TARN" why app.yaml app-docs
  assert_status 1
  assert_output "comes by itself with: app, docs"
  run "$TARN" why app.yaml edit0r
  assert_status 1
  assert_output "no package of the repositories has or provides 'edit0r'"
  assert_output "similar: editor"
  run --separate-stderr "$TARN" why app.yaml small-shell --json
  assert_status 1
  check_json '.architectures[0].absent[0].instead[0].package == "shell-1-r0"' <<<"$output"
}

@test "why: install_if brings a package" {
  run -0 "$TARN" why app.yaml app-docs -p docs
  assert_output "app.yaml:5:7: app → install_if app, docs → app-docs-1.0-r0"
  assert_output "command line: docs → install_if app, docs → app-docs-1.0-r0"
}

@test "why: several architectures" {
  run -0 --separate-stderr "$TARN" why app.yaml app --arch x86_64,aarch64
  [ "$(grep -c '^app-1.0-r0' <<<"$output")" -eq 2 ]
  # Only one of them needs it.
  run -0 --separate-stderr "$TARN" why app.yaml zlib --arch x86_64,aarch64
  assert_output $'aarch64:\nzlib is not in the plan'
  assert_output $'x86_64:\nzlib-1.3-r0'
}

@test "why: over a whole current index" {
  need_shared
  cat >web.yaml <<YAML
contents:
  repositories: ["$SHARED/mirror/alpine/v3.22/main"]
  keyring: ["$SHARED/keys"]
  packages: [nginx, git]
archs: [x86_64]
YAML
  run -0 "$TARN" why web.yaml pcre2
  assert_output "web.yaml:4:14: nginx → so:libpcre2-8.so.0 → pcre2-10."
  assert_output "web.yaml:4:21: git → so:libpcre2-8.so.0 → pcre2-10."
  run -0 "$TARN" why web.yaml /bin/sh
  assert_output "dash-binsh-"
  assert_output "lower provider priority: 60, the chosen one has 100"
}
