# Registries to push to. Load it beside helper.
#
#   start_registry NAME [LINES [PORT]]
#                                    a docker-registry over http on a free port; LINES are more YAML.
#                                    Sets REGISTRY (host:port) and REGISTRY_LOG (its access log,
#                                    Apache's combined format); its blobs lie in NAME/store
#   registry_tls CERT KEY            LINES for https
#   registry_htpasswd FILE           LINES for Basic credentials
#   registry_tokens REALM CERT       LINES for Bearer tokens of a service at REALM, signed with CERT's
#                                    key
#   start_python OUTPUT SCRIPT ARGS… runs a server of ours; waits for its first line "ready PORT",
#                                    and sets SERVER_PORT and SERVER_PID
#   make_authority DIR [NAMES]       an own certificate authority: DIR/ca.crt, and server.crt with
#                                    server.key for localhost (or for NAMES: DNS:a,DNS:b)
#   stop_servers                     ends all that this test started: call it in teardown
#   remote ARGS…                     skopeo, with neither a policy nor certificates of the machine
#   requests METHOD REGEX            how many answered requests of the log match
#
# Every server ends by itself after five minutes.

_note_server() {
  echo "$1" >>"$BATS_TEST_TMPDIR/server.pids"
}

stop_servers() {
  local pid pids=$BATS_TEST_TMPDIR/server.pids
  [ -e "$pids" ] || return 0
  while read -r pid; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done <"$pids"
  rm -f "$pids"
}

start_registry() {
  local name=$1 lines=${2:-} attempt port i home=$BATS_TEST_TMPDIR/$1
  for attempt in 1 2 3; do
    mkdir -p "$home/store"
    port=${3:-$(free_port)}
    cat >"$home/config.yml" <<YAML
version: 0.1
log: {level: info, accesslog: {disabled: false}}
storage:
  filesystem: {rootdirectory: $home/store}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:$port
${lines}
YAML
    : >"$home/access.log"
    timeout 300 docker-registry serve "$home/config.yml" >"$home/access.log" 2>"$home/error.log" \
      3>&- 4>&- </dev/null &
    SERVER_PID=$!
    for i in $(seq 200); do
      kill -0 "$SERVER_PID" 2>/dev/null || break
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        _note_server "$SERVER_PID"
        REGISTRY=127.0.0.1:$port
        REGISTRY_PORT=$port
        REGISTRY_LOG=$home/access.log
        return 0
      fi
      sleep 0.05
    done
    cat "$home/error.log" >&2
  done
  fail "docker-registry does not start"
}

registry_tls() {
  printf '  tls: {certificate: %s, key: %s}\n' "$1" "$2"
}

registry_htpasswd() {
  printf 'auth:\n  htpasswd: {realm: tests, path: %s}\n' "$1"
}

registry_tokens() {
  printf 'auth:\n  token: {realm: "%s", service: tests, issuer: tests, rootcertbundle: %s}\n' "$1" "$2"
}

start_python() {
  local output=$1 script=$2 i
  shift 2
  timeout 300 python3 "$BATS_TEST_DIRNAME/$script" "$@" >"$output" 2>"$output.err" 3>&- 4>&- \
    </dev/null &
  SERVER_PID=$!
  _note_server "$SERVER_PID"
  for i in $(seq 200); do
    if read -r _ SERVER_PORT <"$output" 2>/dev/null && [ -n "$SERVER_PORT" ]; then return 0; fi
    kill -0 "$SERVER_PID" 2>/dev/null || break
    sleep 0.05
  done
  cat "$output.err" >&2
  fail "$script does not start"
}

make_authority() {
  local folder=$1 names=${2:-DNS:localhost,IP:127.0.0.1}
  mkdir -p "$folder"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=tests' authority" \
    -keyout "$folder/ca.key" -out "$folder/ca.crt" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$folder/server.key" \
    -out "$folder/server.csr" 2>/dev/null
  printf 'subjectAltName=%s\n' "$names" >"$folder/names"
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" \
    -CAcreateserial -days 2 -extfile "$folder/names" -out "$folder/server.crt" 2>/dev/null
}

remote() {
  timeout 60 skopeo --insecure-policy "$@"
}

# The log's lines are `… "METHOD /path HTTP/1.1" STATUS …`.
requests() {
  grep -cE "\"$1 $2 HTTP/[0-9.]+\" " "$REGISTRY_LOG" || true
}
