# Where the time of a run went: --stats and TARN_TRACE.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  make_key
  mkdir -p repo/x86_64
  for name in app lib; do
    mkdir -p $name/usr/share
    seq 1000 >$name/usr/share/$name
    "$TARN" -q apk pack $name --name $name --version 1.0-r0 --arch x86_64 -d repo/x86_64
  done
  index_folder "repo/x86_64"
}

teardown() { stop_all_nginx; }

# write_recipe REPOSITORY [PACKAGE]
write_recipe() {
  cat >recipe.yaml <<YAML
contents:
  repositories: ["$1"]
  keyring: [keys/me.rsa.pub]
  packages: [${2:-app, lib}]
archs: [x86_64]
YAML
}

# stats_of FILE: the line of statistics in what a run said.
stats_of() { grep '^{' "$1"; }

# The requests that the server answered so far.
requests() { wc -l <"$NGINX_LOG"; }

@test "a table on standard error, and results alone on standard output" {
  write_recipe "$PWD/repo"
  "$TARN" -q build --stats recipe.yaml app:1 app.tar >out 2>err
  grep -qx 'sha256:[0-9a-f]\{64\}' out
  [ "$(wc -l <out)" -eq 1 ]
  grep -qE '^pass +time$' err
  grep -qE '^write +[0-9.]+ s$' err
  grep -qE '^whole run +[0-9.]+ s$' err
  grep -qE '^work +count +time +size +speed +longest +of$' err
  grep -qE '^network: +0 requests' err
  grep -qE '^processor: +[0-9.]+ s user, [0-9.]+ s system' err
  grep -qE '^memory: +[0-9.]+ [KM]iB at most$' err
  # Nothing of it without being asked.
  "$TARN" -q build recipe.yaml app:1 app.tar 2>err
  [ ! -s err ]
}

@test "requests, octets and answers of the cache are what the server saw" {
  need nginx jq
  start_nginx "$PWD/repo"
  write_recipe "$NGINX_URL"
  first=$("$TARN" build --stats=json recipe.yaml app:1 app.tar 2>err)
  sent=$(awk '{ sum += $4 } END { print sum }' "$NGINX_LOG")
  stats_of err | check_json ".network == {requests: $(requests), retries: 0, not_modified: 0,
                                          bytes_received: $sent, bytes_sent: 0}"
  # Each package is looked up once more for the matches of its stream.
  stats_of err | check_json '.cache.index == {hits: 0, misses: 1}
    and .cache.package == {hits: 2, misses: 2} and .command == "tarn build" and .outcome == "done"
    and .work.fetch.count == 3 and .work.verify.count == 3 and .process.peak_memory > 1000000
    and .seconds > 0 and ([.passes[].name] | index("write") != null)'
  before=$(requests)
  second=$("$TARN" build --stats=json recipe.yaml app:1 app.tar 2>err)
  stats_of err | check_json ".network.requests == $(($(requests) - before))
    and .network.not_modified == 1 and .network.bytes_received == 0 and .cache.index.hits == 1"
  [ "$first" = "$second" ]
}

@test "with --json they are a member of the result" {
  need jq
  write_recipe "$PWD/repo"
  "$TARN" -q build --json --stats recipe.yaml app:1 app.tar >out 2>err
  check_json '.digest != null and .stats.command == "tarn build" and .stats.threads >= 1' <out
  [ ! -s err ]
  "$TARN" -q --threads 3 plan --stats=json --json recipe.yaml >out 2>err
  check_json '.architectures != null and .stats.threads == 3
              and .stats.passes[0].name == "resolve"' <out
  [ ! -s err ]
  "$TARN" plan --json recipe.yaml | check_json 'has("stats") | not'
}

@test "a command that fails says what is known, and fails as ever" {
  need jq
  write_recipe "$PWD/repo" missing
  run -3 --separate-stderr "$TARN" build --stats=json recipe.yaml app:1 app.tar
  [ -z "$output" ]
  echo "$stderr" | grep '^{' | check_json '.outcome == "failed" and .work.index.count > 0'
  [[ ${stderr##*\}} == *"error: "* ]]
}

@test "another form is refused, and no word that follows is taken for one" {
  write_recipe "$PWD/repo"
  run -2 "$TARN" plan --stats=xml recipe.yaml
  assert_output text
  assert_output json
  run -0 "$TARN" --stats plan recipe.yaml
}

@test "a trace is JSON with a span for each pass and piece of work" {
  need jq nginx
  start_nginx "$PWD/repo"
  write_recipe "$NGINX_URL"
  plain=$("$TARN" --cache other -q build recipe.yaml app:1 plain.tar)
  traced=$(TARN_TRACE=trace.json "$TARN" -q build recipe.yaml app:1 app.tar 2>err)
  [ "$plain" = "$traced" ]
  cmp plain.tar app.tar
  [ ! -s err ]
  check_json '.traceEvents | map(select(.ph == "X"))
    | (map(select(.cat == "fetch")) | length == 3)
      and (map(select(.cat == "pass") | .name) | index("write") != null)
      and all(.[]; .dur >= 0 and .ts >= 0 and .pid == 1 and (.tid | type) == "number")' <trace.json
  check_json '[.traceEvents[] | select(.ph == "C" and .name == "requests") | .args.total]
    == [1, 2, 3]' <trace.json
  check_json '[.traceEvents[] | select(.ph != "M") | .tid] - [.traceEvents[]
    | select(.name == "thread_name") | .tid] == []' <trace.json
}

@test "a trace that cannot be written costs a warning, not the image" {
  write_recipe "$PWD/repo"
  run -0 --separate-stderr env TARN_TRACE=absent/trace.json "$TARN" -q build recipe.yaml app:1 app.tar
  [[ $stderr == "warning: no trace is written (TARN_TRACE): "*absent/trace.json* ]]
  [ -s app.tar ]
  mkdir trace.json
  run -0 --separate-stderr env TARN_TRACE=trace.json "$TARN" -q build recipe.yaml app:1 other.tar
  [[ $stderr == "warning: no trace is written (TARN_TRACE): "* ]]
  cmp app.tar other.tar
  assert_no_leftovers .
}

@test "a trace is written of a run that fails, too" {
  need jq
  write_recipe "$PWD/repo" missing
  run -3 env TARN_TRACE=trace.json "$TARN" build recipe.yaml app:1 app.tar
  check_json '.traceEvents | length > 0' <trace.json
}
