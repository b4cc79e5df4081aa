# What the tests of the program share. Load it with `load helper`.
#
#   tarn ARGS…                 the program: $TARN, else build/release/tarn, else build/dev/tarn
#   need TOOL…                 skips the test, with a message, where a tool is missing
#   need_shared                skips it where the shared test material is missing; sets SHARED
#   write_oracle_recipe ORACLE FILE [MORE]
#                              what the reference's root was made of; MORE are members beside the contents,
#                              in place of 'skeleton: "none"'
#   check_json FILTER          that standard input is one JSON document for which the filter of jq
#                              holds (jq -e alone is content with nothing at all)
#   enter_own_folder           goes into the test's folder, with a cache, a home and no settings of the
#                              person for registries and proxies
#   make_tree DIR              a small tree of files to pack
#   layer_of ARCHIVE           writes the layer of its first image to ARCHIVE.layer.tar.gz
#   free_port                  prints a TCP port nothing listens on
#   start_nginx [--tls] DIR [CONFIG]
#                              serves DIR over http (--tls: https with HTTP/2); CONFIG are lines for
#                              the server block. Sets NGINX_URL, NGINX_LOG (the access log: method,
#                              path, status, octets, range, protocol), NGINX_PID and, with --tls, NGINX_CA.
#                              Ends by itself after five minutes.
#   stop_nginx [PID]           ends one server ($NGINX_PID)
#   stop_all_nginx             ends all this test file started: call it in teardown or teardown_file
#
# Each test gets a folder of its own, $BATS_TEST_TMPDIR; nothing is written anywhere else.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

find_tarn() {
  local candidate
  for candidate in "${TARN:-}" "$project/build/release/tarn" "$project/build/dev/tarn"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      realpath "$candidate"
      return
    fi
  done
  echo "no program to test: set TARN, or build one" >&2
  return 1
}

TARN=$(find_tarn)
export TARN
export LC_ALL=C.UTF-8
unset SOURCE_DATE_EPOCH TARN_CACHE

tarn() {
  "$TARN" "$@"
}

# A check that says what was there instead.
fail() {
  printf '%s\n' "$@" >&2
  return 1
}

need() {
  local tool
  for tool in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || skip "$tool is not installed"
  done
}

need_shared() {
  SHARED=$(realpath -m "${TARN_SHARED:-$project/../shared}")
  [ -e "$SHARED/README.md" ] || skip "no shared test material at $SHARED"
}

write_oracle_recipe() {
  jq --arg mirror "$SHARED/mirror/" --arg keys "$SHARED/keys" '{
    contents: {
      repositories: [.repositories[] | $mirror + .],
      keyring: [$keys],
      packages: .world
    },
    archs: [.arch],
    '"${3:-skeleton: \"none\"}"'
  }' "$SHARED/oracle/$1/inputs.json" >"$2"
}

enter_own_folder() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache HOME=$BATS_TEST_TMPDIR/home
  export XDG_RUNTIME_DIR=$HOME/run XDG_CONFIG_HOME=$HOME/.config
  unset REGISTRY_AUTH_FILE DOCKER_CONFIG http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
  mkdir -p "$XDG_RUNTIME_DIR"
}

assert_status() {
  [ "$status" -eq "$1" ] || fail "exit status $status instead of $1:" "$output"
}

assert_output() {
  [[ "$output" == *"$1"* ]] || fail "not in the output: $1" "$output"
}

refute_output() {
  [[ "$output" != *"$1"* ]] || fail "in the output, but should not be: $1" "$output"
}

check_json() {
  jq -es "length == 1 and (.[0] | ($1))" >/dev/null || fail "not so: $1"
}

assert_no_leftovers() {
  local found
  found=$(find "$1" -name '.tarn-*')
  [ -z "$found" ] || fail "left behind:" "$found"
}

make_tree() {
  mkdir -p "$1/usr/bin" "$1/etc/hello" "$1/var/lib/hello"
  printf '#!/bin/sh\necho hello\n' >"$1/usr/bin/hello"
  printf 'greeting=hello\n' >"$1/etc/hello/hello.conf"
  ln -s hello "$1/usr/bin/hi"
  ln "$1/usr/bin/hello" "$1/usr/bin/salute"
  mkfifo "$1/var/lib/hello/pipe"
  chmod 755 "$1" "$1/usr" "$1/usr/bin" "$1/etc" "$1/etc/hello" "$1/var" "$1/var/lib"
  chmod 755 "$1/usr/bin/hello"
  chmod 640 "$1/etc/hello/hello.conf"
  chmod 700 "$1/var/lib/hello"
  chmod 600 "$1/var/lib/hello/pipe"
}

layer_of() {
  bsdtar -xOf "$1" "$(bsdtar -xOf "$1" manifest.json | jq -r '.[0].Layers[0]')" >"$1.layer.tar.gz"
}

free_port() {
  local port
  for port in $(shuf -i 20000-60000 -n 50); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  return 1
}

nginx_program() {
  PATH=$PATH:/usr/sbin:/sbin command -v nginx
}

# Writes the configuration of a server: folder, port, "ssl http2" or nothing, more lines.
write_nginx_config() {
  local home=$1 folder=$2 port=$3 tls=$4 more=$5
  {
    [ "$(id -u)" -ne 0 ] || echo "user root;"
    cat <<EOF
daemon off;
worker_processes 1;
pid $home/pid;
error_log $home/error.log;
events { worker_connections 256; }
http {
  log_format plain '\$request_method \$uri \$status \$body_bytes_sent "\$http_range" \$server_protocol';
  access_log $home/access.log plain;
  client_body_temp_path $home/body;
  proxy_temp_path $home/proxy;
  fastcgi_temp_path $home/fastcgi;
  uwsgi_temp_path $home/uwsgi;
  scgi_temp_path $home/scgi;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:$port $tls;
    server_name localhost;
EOF
    [ -z "$tls" ] || echo "ssl_certificate $home/cert.pem; ssl_certificate_key $home/key.pem;"
    cat <<EOF
    root $folder;
    $more
  }
}
EOF
  } >"$home/nginx.conf"
}

start_nginx() {
  local tls="" scheme=http
  if [ "$1" = --tls ]; then
    tls="ssl http2" scheme=https
    shift
  fi
  local folder home port attempt program
  folder=$(realpath "$1")
  program=$(nginx_program) || fail "nginx is not installed"
  for attempt in 1 2 3; do
    home=$(mktemp -d "${BATS_FILE_TMPDIR:-$BATS_TEST_TMPDIR}/nginx.XXXXXX")
    port=$(free_port)
    if [ -n "$tls" ]; then
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout "$home/key.pem" -out "$home/cert.pem" 2>/dev/null
    fi
    write_nginx_config "$home" "$folder" "$port" "$tls" "${2:-}"
    # Not to hold the descriptors bats waits for.
    timeout 300 "$program" -p "$home" -e "$home/error.log" -c "$home/nginx.conf" \
      >"$home/output" 2>&1 3>&- 4>&- </dev/null &
    NGINX_PID=$!
    if wait_for_nginx "$NGINX_PID" "$port"; then
      echo "$NGINX_PID" >>"${BATS_FILE_TMPDIR:-$BATS_TEST_TMPDIR}/nginx.pids"
      NGINX_URL=$scheme://127.0.0.1:$port
      NGINX_LOG=$home/access.log
      NGINX_CA=$home/cert.pem
      export NGINX_URL NGINX_LOG NGINX_CA NGINX_PID
      return
    fi
    cat "$home/output" "$home/error.log" >&2
  done
  fail "nginx does not start"
}

wait_for_nginx() {
  local i
  for i in $(seq 100); do
    kill -0 "$1" 2>/dev/null || return 1
    ! (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null || return 0
    sleep 0.05
  done
  return 1
}

stop_nginx() {
  # `timeout` passes the signal on to the server.
  kill "${1:-$NGINX_PID}" 2>/dev/null || true
  wait "${1:-$NGINX_PID}" 2>/dev/null || true
}

stop_all_nginx() {
  local pid pids=${BATS_FILE_TMPDIR:-$BATS_TEST_TMPDIR}/nginx.pids
  [ -e "$pids" ] || return 0
  while read -r pid; do stop_nginx "$pid"; done <"$pids"
  rm -f "$pids"
}
