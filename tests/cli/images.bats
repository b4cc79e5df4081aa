# Images that people make, built from real packages, started, and used.

bats_require_minimum_version 1.5.0
load helper
load consumers

STAND_IN_PACKAGES="nginx php8.2-fpm mariadb-server mariadb-client apache2-utils python3 git"

setup_file() {
  [ -z "${TARN_SANITIZED:-}" ] || return 0
  export STAND_IN=$BATS_FILE_TMPDIR/mirror
  if curl -fsSI --max-time 20 -o /dev/null \
    "${TARN_STAND_IN_ARCHIVE:-http://deb.debian.org}/debian/dists/bookworm/InRelease"; then
    # shellcheck disable=SC2086
    timeout 900 "$project/tests/stand-in/make-mirror" "$STAND_IN" $STAND_IN_PACKAGES >&2
  fi
}

setup() {
  # They say nothing more of a program under a sanitizer, and take long.
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache
  containers=()
}

teardown() {
  local id
  for id in "${containers[@]}"; do _podman rm --force --time 1 "$id" >/dev/null 2>&1 || true; done
}

# build_stand_in NAME: builds tests/stand-in/NAME.yaml as NAME.tar and loads it as stand-in/NAME.
build_stand_in() {
  [ -d "$STAND_IN/main" ] || skip "Debian's archive does not answer"
  needs podman runc
  needs_root
  "$TARN" build "$project/tests/stand-in/$1.yaml" "stand-in/$1:latest" "$1.tar" \
    --var mirror="$STAND_IN" --keyring-append "$STAND_IN/keys/stand-in.rsa.pub"
  _podman load --quiet --input "$1.tar"
}

# start NAME IMAGE [ARGUMENT...]: starts a container in the background, in the host's network.
start() {
  local name=$1 image=$2
  shift 2
  containers+=("$name")
  _podman run --detach --name "$name" --pull=never --network=host \
    --ulimit nofile=1024:4096 --ulimit nproc=4096:4096 "$image" "$@" >/dev/null
}

# run_image IMAGE [ARGUMENT...]: runs it to its end, in the host's network.
run_image() {
  _podman run --rm --pull=never --network=host -v "$BATS_TEST_TMPDIR:/work" \
    --ulimit nofile=1024:4096 --ulimit nproc=4096:4096 "$@"
}

# eventually COMMAND...: until it succeeds, for 30 seconds at most.
eventually() {
  local round
  for round in $(seq 60); do
    if "$@"; then return 0; fi
    sleep 0.5
  done
  return 1
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# on_port RECIPE FROM TO: RECIPE with `listen FROM;` as `listen 127.0.0.1:TO;`.
on_port() { sed "s/listen $2;/listen 127.0.0.1:$3;/" "$1"; }

@test "the legacy nginx with PHP serves a page, and its workers are nginx" {
  need_shared
  needs podman runc
  needs_root
  port=$(free_port)
  on_port "$project/recipes/legacy/nginx-php.yaml" 80 "$port" >legacy.yaml
  "$TARN" build --allow-untrusted --var mirror="$SHARED/mirror" legacy.yaml legacy:latest legacy.tar
  _podman load --quiet --input legacy.tar
  start legacy legacy:latest
  eventually curl -fsS --max-time 5 -o page "http://127.0.0.1:$port/"
  grep -q '^PHP 7\.0\.16 says hello\.$' page
  run -0 _podman exec legacy ps -o user,args
  [[ $output =~ nginx\ +nginx:\ worker ]]
  [[ $output =~ nginx\ +[^$'\n']*php-fpm:\ pool ]]
  [[ $output =~ root\ +nginx:\ master ]]
}

@test "nginx with PHP serves pages, and ab measures it" {
  port=$(free_port)
  mkdir stand-in
  build_stand_in ab
  for file in base nginx-php; do
    on_port "$project/tests/stand-in/$file.yaml" 8080 "$port" >"stand-in/$file.yaml"
  done
  "$TARN" build stand-in/nginx-php.yaml web:latest web.tar \
    --var mirror="$STAND_IN" --keyring-append "$STAND_IN/keys/stand-in.rsa.pub"
  _podman load --quiet --input web.tar
  start web web:latest
  eventually curl -fsS --max-time 5 -o page "http://127.0.0.1:$port/index.php"
  [ "$(cat page)" = "PHP 8 as user 33" ]
  run -0 run_image stand-in/ab:latest -n 100 -c 4 "http://127.0.0.1:$port/index.php"
  [[ $output =~ Complete\ requests:\ +100 ]]
  [[ $output =~ Failed\ requests:\ +0 ]]
}

@test "MariaDB makes its database on the first start and answers over the socket" {
  build_stand_in mariadb
  start db stand-in/mariadb:latest --skip-networking
  eventually _podman exec db mariadb -N -e 'SELECT VERSION()' >version 2>/dev/null
  grep -q '^10\.11\.' version
  run -0 _podman exec db mariadb -N -e 'SELECT CURRENT_USER()'
  assert_output 'root@localhost'
  run -0 _podman exec db ls -ld /var/lib/mysql
  [[ $output =~ ^drwxr-x---\ .*\ mysql\ +mysql\  ]]
}

@test "Python has sqlite and ssl" {
  build_stand_in python
  run -0 run_image stand-in/python:latest -c '
import sqlite3, ssl
base = sqlite3.connect(":memory:")
base.execute("create table t (x)")
base.executemany("insert into t values (?)", [(1,), (41,)])
print(base.execute("select sum(x) from t").fetchone()[0], ssl.create_default_context().verify_mode.name)'
  assert_output '42 CERT_REQUIRED'
}

@test "git clones a repository" {
  build_stand_in git
  git init --quiet -b main origin
  git -C origin -c user.name=n -c user.email=n@example.org commit --quiet --allow-empty -m first
  run -0 run_image stand-in/git:latest clone --quiet origin copy
  [ "$(git -C copy -c safe.directory='*' log --format=%s)" = first ]
}

@test "every recipe that ships has a plan" {
  need_shared
  for recipe in base alpine-base mariadb ab python git; do
    "$TARN" plan "$project/recipes/$recipe.yaml" --var mirror="$SHARED/mirror/alpine" \
      --keyring-append "$SHARED/keys" >/dev/null
  done
  "$TARN" plan "$project/recipes/nginx-php.yaml" --var mirror="$SHARED/mirror/alpine" \
    --var release=v3.19 --keyring-append "$SHARED/keys" >/dev/null
}
