# Install scripts of real packages: the trees they make, without any process.

bats_require_minimum_version 1.5.0
load helper

setup() {
  need_shared
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
}

# Programs under a sanitizer start processes of their own.
without_processes() {
  if [ -n "${TARN_SANITIZED:-}" ]; then
    "$@"
  else
    python3 "$BATS_TEST_DIRNAME/restricted.py" processes "$@"
  fi
}

@test "the trees that scripts make are the reference's, node by node, without a process" {
  run without_processes /bin/true
  [ "$status" -ne 77 ] || skip "no seccomp filters here"
  for oracle in base alpine-base git nginx-php; do
    write_oracle_recipe $oracle $oracle.yaml
    without_processes "$TARN" -v build --allow-untrusted $oracle.yaml $oracle:latest $oracle.tar
    layer_of $oracle.tar
    run python3 "$BATS_TEST_DIRNAME/compare_tree.py" $oracle.tar.layer.tar.gz "$SHARED/oracle/$oracle"
    assert_status 0
    assert_output 'equal: '
  done
}

@test "the filter of these tests does stop a process" {
  run without_processes /bin/true
  [ "$status" -ne 77 ] || skip "no seccomp filters here"
  [ -z "${TARN_SANITIZED:-}" ] || skip "it is not used here"
  run without_processes /bin/sh -c '/bin/true; echo on'
  [ "$status" -ne 0 ]
  refute_output on
}

@test "scripts run as the reference ran them, in its order" {
  for oracle in base alpine-base git nginx-php; do
    write_oracle_recipe $oracle $oracle.yaml
    "$TARN" build --json --allow-untrusted $oracle.yaml $oracle:latest $oracle.tar >result.json
    jq -r '.scripts[] | "Executing \(.package).\(.script)"' result.json >executed
    diff -u "$SHARED/oracle/$oracle/scripts.txt" executed
    [ "$(jq -c '[.scripts[] | [.way, .status]] | unique' result.json)" = '[["native",0]]' ]
  done
}

@test "tarn scripts tells what would run, and runs nothing" {
  write_oracle_recipe nginx-php recipe.yaml
  run -0 --separate-stderr "$TARN" scripts --allow-untrusted recipe.yaml
  [ "$(grep -c native <<<"$output")" -eq 5 ]
  assert_output 'nginx-common-1.9.11-r1'
  run -0 --separate-stderr "$TARN" scripts --json --allow-untrusted recipe.yaml
  [ "$(jq -r '.architectures[0].scripts | map(.script) | join(" ")' <<<"$output")" = \
    "post-install pre-install post-install pre-install trigger" ]
  jq '.scripts = {busybox: "skip", "nginx-common": "sandbox"}' recipe.yaml >other.yaml
  run -0 --separate-stderr "$TARN" scripts --json --allow-untrusted other.yaml
  [ "$(jq -r '.architectures[0].scripts | map(.way) | join(" ")' <<<"$output")" = \
    "skipped native native sandbox skipped" ]
}
