# Building images from real packages: the same bytes by every way, and images that run.

bats_require_minimum_version 1.5.0
load helper
load consumers

setup() {
  need_shared
  REPOSITORY=$SHARED/mirror/alpine/v3.19.1-bootmedia
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
}

teardown() { stop_all_nginx; }

# write_recipe FILE REPOSITORY [more YAML]: base out of real packages.
write_recipe() {
  cat >"$1" <<YAML
contents:
  repositories: ["$2"]
  keyring: ["$SHARED/keys"]
  packages: [alpine-baselayout, busybox, musl]
archs: [x86_64]
${3:-}
YAML
}

@test "a folder, http and https with HTTP/2 give the same image" {
  need nginx openssl
  write_recipe folder.yaml "$REPOSITORY"
  start_nginx "$SHARED/mirror/alpine"
  write_recipe http.yaml "$NGINX_URL/v3.19.1-bootmedia"
  start_nginx --tls "$SHARED/mirror/alpine"
  write_recipe https.yaml "$NGINX_URL/v3.19.1-bootmedia"
  # The repository's URL stands in etc/apk/repositories, so the images are built for one written name.
  for recipe in folder http https; do
    sed 's/  repositories: /  build_repositories: /' -i $recipe.yaml
  done
  folder=$("$TARN" build folder.yaml base:latest folder.tar)
  http=$("$TARN" --cache "$PWD/c1" build http.yaml base:latest http.tar)
  https=$("$TARN" --cache "$PWD/c2" build https.yaml base:latest https.tar --ca-file "$NGINX_CA")
  [ "$folder" = "$http" ]
  [ "$folder" = "$https" ]
  cmp folder.tar http.tar
  cmp folder.tar https.tar
  grep -q ' 200 .* HTTP/2.0$' "$NGINX_LOG"
}

@test "the tree without scripts is the reference's, node by node" {
  for arch in x86_64 aarch64; do
    case $arch in
      x86_64) repository=$REPOSITORY oracle=alpine-base-no-scripts ;;
      aarch64) repository=$SHARED/mirror/alpine/v3.13-bootmedia oracle=aarch64-base-no-scripts ;;
    esac
    cat >tree.yaml <<YAML
contents:
  repositories: ["$repository"]
  keyring: ["$SHARED/keys"]
  packages: [alpine-base]
archs: [$arch]
skeleton: none
scripts: skip
YAML
    "$TARN" build tree.yaml tree:latest $arch.tar
    layer_of $arch.tar
    run -0 python3 "$BATS_TEST_DIRNAME/compare_tree.py" $arch.tar.layer.tar.gz "$SHARED/oracle/$oracle"
    [[ $output == equal:* ]]
  done
}

@test "podman and runc run the image; skopeo and umoci read it" {
  write_recipe base.yaml "$REPOSITORY" "cmd: /bin/sh"
  "$TARN" build base.yaml tarn/base:latest base.tar
  "$TARN" build base.yaml tarn/base:latest layout/
  run -0 run_in_podman base.tar tarn/base:latest /bin/busybox cat /etc/os-release
  [[ $output == *Linux* ]]
  run -0 run_in_runc layout /bin/busybox cat /etc/os-release
  [[ $output == *Linux* ]]
  need skopeo
  for source in docker-archive:base.tar oci-archive:base.tar oci:layout; do
    skopeo --insecure-policy copy "$source" "dir:$PWD/${source%%:*}" >/dev/null
  done
}

@test "threads, cache, umask, locale, time zone, user and folder do not change a byte" {
  write_recipe base.yaml "$REPOSITORY"
  "$TARN" --threads 1 build base.yaml base:latest one.tar
  "$TARN" --threads 2 build base.yaml base:latest two.tar
  cmp one.tar two.tar
  start_nginx "$SHARED/mirror/alpine"
  sed -i "s#\"$REPOSITORY\"#\"$NGINX_URL/v3.19.1-bootmedia\"#" base.yaml
  "$TARN" build base.yaml base:latest cold.tar
  "$TARN" build base.yaml base:latest warm.tar
  cmp cold.tar warm.tar
  home=$PWD
  mkdir -p elsewhere/deep
  (cd elsewhere/deep && umask 077 && LC_ALL=C.UTF-8 TZ=Asia/Kolkata \
    "$TARN" --cache "$home/c3" build ../../base.yaml base:latest ../../elsewhere.tar)
  cmp cold.tar elsewhere.tar
  if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 777 other
    chmod -R a+rX "$BATS_RUN_TMPDIR"
    setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$PWD/other" \
      "$TARN" --cache "$PWD/other/cache" build base.yaml base:latest other/user.tar
    cmp cold.tar other/user.tar
  fi
}

# rot FILE: flips one bit in its middle.
rot() {
  python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    middle = f.seek(0, 2) // 2
    f.seek(middle)
    octet = f.read(1)[0]
    f.seek(middle)
    f.write(bytes([octet ^ 4]))' "$1"
}

# forget_layers: leaves of the cache only what is known of packages and indexes.
forget_layers() {
  find cache/v1/entries -mindepth 1 -maxdepth 1 ! -name package ! -name listing ! -name '*index' \
    -exec rm -r {} +
}

@test "a warm build needs no mirror, and heals what the cache lost" {
  start_nginx "$SHARED/mirror/alpine"
  write_recipe base.yaml "$NGINX_URL/v3.19.1-bootmedia"
  expected=$("$TARN" build base.yaml base:latest cold.tar)
  [ "$(find cache/v1/entries/listing -type f | wc -l)" -ge 3 ]
  rebuild() { # rebuild [OPTION…]
    forget_layers
    [ "$("$TARN" build base.yaml base:latest warm.tar "$@")" = "$expected" ]
    cmp cold.tar warm.tar
  }
  blobs_of() { # blobs_of KIND
    sed -n 's#^blob \(..\)\(.*\)#cache/v1/blobs/sha256/\1/\1\2#p' cache/v1/entries/"$1"/*
  }

  # Without its package files a cache still says what is in them; contents are fetched again.
  blobs_of package | xargs rm
  rebuild
  # Damaged ones are as good as none, and so are damaged listings.
  blobs_of package | while read -r blob; do [ ! -e "$blob" ] || rot "$blob"; done
  rebuild
  blobs_of listing | while read -r blob; do rot "$blob"; done
  rebuild

  stop_nginx
  rebuild --offline
}

@test "the store survives being killed at random moments" {
  start_nginx "$SHARED/mirror/alpine"
  write_recipe base.yaml "$NGINX_URL/v3.19.1-bootmedia"
  expected=$("$TARN" --cache "$PWD/clean" build base.yaml base:latest expected.tar)
  for i in $(seq 20); do
    [ $((i % 5)) -ne 1 ] || rm -rf "$PWD/killed"
    "$TARN" -q --cache "$PWD/killed" build base.yaml base:latest killed.tar &
    pid=$!
    sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    [ ! -e killed.tar ] || cmp killed.tar expected.tar
    rm -f killed.tar
    [ "$("$TARN" -q --cache "$PWD/killed" build base.yaml base:latest after.tar)" = "$expected" ]
    cmp after.tar expected.tar
  done
}

@test "eight builds at once on one empty cache all succeed" {
  start_nginx "$SHARED/mirror/alpine"
  write_recipe base.yaml "$NGINX_URL/v3.19.1-bootmedia"
  expected=$("$TARN" --cache "$PWD/clean" build base.yaml base:latest expected.tar)
  builds=()
  for i in $(seq 8); do
    "$TARN" -q --cache "$PWD/shared-cache" build base.yaml base:latest "at-once-$i.tar" >"digest-$i" &
    builds+=($!)
  done
  wait "${builds[@]}"
  for i in $(seq 8); do
    [ "$(cat "digest-$i")" = "$expected" ]
    cmp "at-once-$i.tar" expected.tar
  done
}

@test "plans of nginx, mariadb, python3, git and apache2-utils over a full current index" {
  cat >plan.yaml <<YAML
contents:
  repositories: ["$SHARED/mirror/alpine/v3.22/main"]
  keyring: ["$SHARED/keys"]
archs: [x86_64]
YAML
  for package in nginx mariadb python3 git apache2-utils; do
    "$TARN" plan plan.yaml -p $package --json |
      check_json ".architectures[0].packages | map(.name) | index(\"$package\")"
  done
}

@test "an interrupted build leaves no output and a sound cache" {
  start_nginx "$SHARED/mirror/alpine" "limit_rate 100k;"
  write_recipe base.yaml "$NGINX_URL/v3.19.1-bootmedia"
  "$TARN" -q build base.yaml base:latest interrupted.tar &
  pid=$!
  sleep 0.5
  kill -INT $pid
  status=0
  wait $pid || status=$?
  assert_status 130
  [ "$(ls -A)" = $'base.yaml\ncache' ]
  [ -z "$(find cache -path '*/tmp/*' -o -name '.tarn-*')" ]
  "$TARN" -q cache info >/dev/null
}

@test "what is wrong is said with its exit status, and nothing is written" {
  write_recipe base.yaml "$REPOSITORY"
  check() { # check STATUS TEXT SED-EXPRESSION
    sed "$3" base.yaml >wrong.yaml
    run "$TARN" build wrong.yaml base:latest wrong.tar
    assert_status "$1"
    assert_output "$2"
    [ ! -e wrong.tar ]
  }
  check 2 "wrong.yaml:1:1: unknown key 'contentz'" 's/^contents:/contentz:/'
  check 3 "nothing provides 'no-such-package'" 's/musl/no-such-package/'
  check 4 "there is no such file" 's/v3.19.1-bootmedia/v0.0/'
  check 5 "signed by no trusted key" 's/  keyring: .*/  keyring: []/; s#alpine/v3.19.1-bootmedia#thirdparty/nginx#'
  run "$TARN" build base.yaml base:latest no-such-folder/base.tar
  assert_status 1
  assert_output no-such-folder
  run "$TARN" build base.yaml 'Not A Name' base.tar
  assert_status 2
  [ ! -e base.tar ]
}

@test "servers that fail are told apart, retried, and never half believed" {
  write_recipe base.yaml "http://127.0.0.1:$(free_port)/nowhere"
  run "$TARN" build base.yaml base:latest base.tar
  assert_status 4
  start_nginx "$SHARED/mirror/alpine" 'location ~ musl { return 500; }'
  write_recipe base.yaml "$NGINX_URL/v3.19.1-bootmedia"
  run "$TARN" build base.yaml base:latest base.tar
  assert_status 4
  assert_output "500"
  mkdir -p broken/x86_64
  cp "$REPOSITORY"/x86_64/* broken/x86_64/
  truncate -s -100 broken/x86_64/musl-1*.apk
  start_nginx broken
  write_recipe base.yaml "$NGINX_URL"
  run "$TARN" build base.yaml base:latest base.tar
  [ "$status" -eq 4 ] || [ "$status" -eq 5 ]
  assert_output "musl"
  rm broken/x86_64/musl-1*.apk
  run "$TARN" build base.yaml base:latest base.tar
  assert_status 4
  assert_output "404"
  [ ! -e base.tar ]
}

@test "a damaged index or package is refused with what was expected and found" {
  mkdir -p broken/x86_64
  cp "$REPOSITORY"/x86_64/* broken/x86_64/
  chmod u+w broken/x86_64/*
  write_recipe base.yaml "$PWD/broken"
  package=$(echo broken/x86_64/musl-1*.apk)
  size=$(stat -c %s "$package")
  printf '\x5a' | dd of="$package" bs=1 seek=$((size / 2)) conv=notrunc status=none
  run "$TARN" build base.yaml base:latest base.tar
  assert_status 5
  assert_output musl
  assert_output expected
  assert_output found
  cp "$REPOSITORY/x86_64/${package##*/}" "$package"
  printf '\x5a' | dd of="$package" bs=1 seek=900 conv=notrunc status=none
  run "$TARN" build base.yaml base:latest base.tar
  assert_status 5
  [ ! -e base.tar ]
}

@test "an index that is unsigned, signed by an unknown key, or wrongly signed is refused" {
  mkdir -p broken/x86_64
  cp "$REPOSITORY"/x86_64/{musl,busybox,alpine-baselayout}-*.apk broken/x86_64/
  write_recipe base.yaml "$PWD/broken"
  try() { # try TEXT
    run "$TARN" build base.yaml base:latest base.tar
    assert_status 5
    assert_output "$1"
    [ ! -e base.tar ]
  }
  "$TARN" apk index --rewrite-arch x86_64 --keys-dir "$SHARED/keys" -o unsigned broken/x86_64
  cp unsigned broken/x86_64/APKINDEX.tar.gz
  try "not signed"
  "$TARN" apk keygen -o stranger --bits 2048
  "$TARN" apk sign --key stranger.rsa broken/x86_64/APKINDEX.tar.gz
  try stranger.rsa.pub
  # Under the name of a key that is trusted, but made with another.
  trusted=$(basename "$(ls "$SHARED"/keys/*6165ee59*)")
  cp unsigned broken/x86_64/APKINDEX.tar.gz
  "$TARN" apk sign --key stranger.rsa --key-name "$trusted" broken/x86_64/APKINDEX.tar.gz
  try "$trusted"
  # Asked for, it is used, and the image says so.
  "$TARN" -q build base.yaml base:latest base.tar --allow-untrusted
  config=$(bsdtar -xOf base.tar manifest.json | jq -r '.[0].Config')
  bsdtar -xOf base.tar "$config" | check_json '.config.Labels["tarn.allow-untrusted"] == "true"'
}

@test "a full disk is an error that leaves nothing" {
  [ "$(id -u)" -eq 0 ] || skip "mounting a small file system needs root"
  mkdir small
  mount -t tmpfs -o size=512k none small || skip "no file system can be mounted here"
  write_recipe base.yaml "$REPOSITORY"
  run "$TARN" build base.yaml base:latest small/base.tar
  left=$(ls -A small)
  umount small
  assert_status 1
  assert_output "No space left on device"
  [ -z "$left" ]
}
