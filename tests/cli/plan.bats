# tarn plan: several architectures at once, and what they do not have in common.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  make_repository repo x86_64 <<'EOF'
app 1.0-r0 lib cpu
lib 2.0-r1
lib 2.0-r0
cpu 3.0-r0
EOF
  make_repository repo aarch64 <<'EOF'
app 1.0-r0 lib
lib 2.0-r0
EOF
  cat >app.yaml <<EOF
contents:
  repositories: ["$PWD/repo"]
  keyring: ["$PWD/keys"]
  packages: [app]
archs: [x86_64, arm64]
EOF
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  recipe=$BATS_FILE_TMPDIR/app.yaml
}

@test "all architectures are planned, and what differs or is missing stands after the tables" {
  run -0 --separate-stderr "$TARN" plan "$recipe"
  [ "$(grep -c ' packages, ' <<<"$output")" -eq 2 ]
  expected='Not the same for all architectures:
package  aarch64  x86_64
cpu      missing  3.0-r0
lib      2.0-r0   2.0-r1'
  [ "$(tail -n 4 <<<"$output")" = "$expected" ]
  one=$("$TARN" --threads 1 plan "$recipe")
  many=$("$TARN" --threads 8 plan "$recipe")
  [ "$one" = "$many" ]
}

@test "where nothing differs nothing is said of it" {
  run -0 "$TARN" plan "$recipe" --arch x86_64
  refute_output "Not the same"
  sed 's/packages: .*/packages: [lib=2.0-r0]/' "$recipe" >same.yaml
  run -0 "$TARN" plan same.yaml --same-versions
  refute_output "Not the same"
  "$TARN" plan same.yaml --json | check_json '.differences == []'
}

@test "the differences as JSON" {
  "$TARN" plan "$recipe" --json | check_json '.differences == [
    {"name": "cpu", "versions": {"aarch64": null, "x86_64": "3.0-r0"}},
    {"name": "lib", "versions": {"aarch64": "2.0-r0", "x86_64": "2.0-r1"}}]'
  "$TARN" plan "$recipe" --arch x86_64 --json | check_json 'has("differences") | not'
}

@test "--same-versions makes differences an error, for plan and build" {
  run "$TARN" plan "$recipe" --same-versions
  assert_status 3
  assert_output "error: 2 packages have not the same version for all architectures"
  assert_output "  cpu: missing (aarch64), 3.0-r0 (x86_64)"
  assert_output "  lib: 2.0-r0 (aarch64), 2.0-r1 (x86_64)"
  assert_output "hint: ask for versions that all architectures have"
  run "$TARN" build "$recipe" app:latest app.tar --same-versions
  assert_status 3
  assert_output "lib: 2.0-r0 (aarch64), 2.0-r1 (x86_64)"
  [ ! -e app.tar ]
}
