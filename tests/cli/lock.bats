# tarn lock, and builds from a lock.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  make_first_repository
  mkdir newer
  cp -r site newer/
  (cd newer && cp ../me.rsa* . && make_newer_packages)
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  cp "$BATS_FILE_TMPDIR/me.rsa" "$BATS_FILE_TMPDIR/me.rsa.pub" .
  cp -r "$BATS_FILE_TMPDIR/keys" "$BATS_FILE_TMPDIR/site" .
}

teardown() {
  stop_all_nginx
}

# As make_repository, of packages that can be installed together: each has a file of its own.
make_packages() {
  local folder=$1/$2 arch=$2 name version words word
  mkdir -p "$folder"
  while read -r name version words; do
    local options=(--name "$name" --version "$version" --arch "$arch")
    for word in $words; do
      options+=(--depend "$word")
    done
    rm -rf tree && mkdir -p tree/usr/share
    echo "$name $version" >"tree/usr/share/$name"
    tarn -q apk pack tree "${options[@]}" --build-time 1700000000 -d "$folder" >/dev/null
  done
  index_folder "$folder"
}

make_first_repository() {
  local arch
  for arch in x86_64 aarch64; do
    make_packages site/repo "$arch" <<'LIST'
app 1.0-r0 lib tool
lib 2.0-r0
tool 3.0-r0
LIST
  done
}

# Newer versions of everything, besides.
add_newer_packages() {
  cp -r "$BATS_FILE_TMPDIR/newer/site" .
}

make_newer_packages() {
  local arch
  for arch in x86_64 aarch64; do
    make_packages site/repo "$arch" <<'LIST'
app 1.1-r0 lib tool
lib 2.1-r0
tool 3.1-r0
LIST
  done
}

# A recipe of the repository at $1.
write_recipe() {
  cat >app.yaml <<EOF
contents:
  repositories: ["$1"]
  keyring: ["./keys"]
  packages: [app]
archs: [x86_64, aarch64]
environment: {A: one, B: two}
files:
  - {path: /etc/app.conf, source: ./app.conf}
EOF
  echo setting=1 >app.conf
}

locked_versions() {
  jq -r '.architectures.x86_64.packages | map(.name + "-" + .version) | sort | join(" ")' app.lock.json
}

@test "a lock is made of indexes alone, of all architectures, and is the same each time" {
  start_nginx site
  write_recipe "$NGINX_URL/repo"
  run -0 tarn lock app.yaml
  run ! grep -q '\.apk ' "$NGINX_LOG"
  [ "$(jq -r '.architectures | keys | join(" ")' app.lock.json)" = "aarch64 x86_64" ]
  [ "$(locked_versions)" = "app-1.0-r0 lib-2.0-r0 tool-3.0-r0" ]
  # In install order, a line for each.
  [ "$(jq -r '.architectures.x86_64.packages[-1].name' app.lock.json)" = app ]
  [ "$(grep -c '"name": "lib"' app.lock.json)" -eq 2 ]
  mv app.lock.json first.json
  tarn -q --threads 1 --cache other lock app.yaml
  cmp first.json app.lock.json
  assert_no_leftovers .
}

@test "a locked build gives the image of the unlocked one, also when versions and indexes have gone" {
  start_nginx site
  write_recipe "$NGINX_URL/repo"
  cp me.rsa.pub site/
  sed -i "s#./keys#$NGINX_URL/me.rsa.pub#" app.yaml
  unlocked=$(tarn -q build app.yaml app:1 u.tar)
  tarn -q lock app.yaml
  rm site/me.rsa.pub
  run -0 --separate-stderr "$TARN" --cache cold build app.yaml app:1 l.tar
  [[ "$stderr" == *"using app.lock.json"* ]] || fail "$stderr"
  [ "$output" = "$unlocked" ]
  cmp u.tar l.tar

  # One mirror has nothing any more, the other only packages.
  mkdir -p other/repo
  for arch in x86_64 aarch64; do
    mkdir -p "other/repo/$arch"
    mv "site/repo/$arch"/*.apk "other/repo/$arch/"
    rm "site/repo/$arch/APKINDEX.tar.gz"
  done
  first=$NGINX_URL first_log=$NGINX_LOG
  start_nginx other
  printf 'mirrors:\n  "%s": ["%s"]\n' "$first/repo" "$NGINX_URL/repo" >>app.yaml
  : >"$first_log"
  run -0 --separate-stderr "$TARN" --cache colder build --locked=require app.yaml app:1 m.tar
  [ "$output" = "$unlocked" ]
  grep -q '\.apk 404' "$first_log"
  grep -q '\.apk 200' "$NGINX_LOG"
  run ! grep -Eq 'APKINDEX|rsa' "$first_log" "$NGINX_LOG"
  # Known by its lock.
  : >"$NGINX_LOG"
  [ "$(tarn -q --cache colder build app.yaml app:1 n.tar)" = "$unlocked" ]
  [ ! -s "$NGINX_LOG" ]
}

@test "Alpine's packages from a lock are those of its indexes, octet by octet" {
  need_shared
  mirror=$SHARED/mirror/alpine/v3.19.1-bootmedia
  [ -d "$mirror" ] || skip "no packages of v3.19.1"
  cat >alpine.yaml <<EOF
contents:
  repositories: ["$mirror"]
  keyring: ["$SHARED/keys"]
  packages: [alpine-base]
archs: [x86_64]
EOF
  tarn -q build alpine.yaml a:1 unlocked.tar
  tarn -q lock alpine.yaml
  tarn -q --cache cold build --locked=require alpine.yaml a:1 locked.tar
  cmp unlocked.tar locked.tar
}

@test "newer packages do not come into a locked build" {
  write_recipe ./site/repo
  tarn -q lock app.yaml
  before=$(tarn -q build app.yaml app:1 a.tar)
  add_newer_packages
  [ "$(tarn -q build app.yaml app:1 b.tar)" = "$before" ]
  [ "$(tarn -q build --locked=ignore app.yaml app:1 c.tar)" != "$before" ]
  run -0 "$TARN" plan app.yaml --arch x86_64
  assert_output 1.0-r0
  run -0 "$TARN" tree app.yaml --arch x86_64
  assert_output 1.0-r0
  run -0 "$TARN" plan --locked=ignore app.yaml --arch x86_64
  assert_output 1.1-r0
  run -0 "$TARN" plan --explain app.yaml --arch x86_64
  assert_output 1.1-r0
}

@test "the folder with recipe, lock and repository may lie anywhere" {
  write_recipe ./site/repo
  tarn -q lock app.yaml
  before=$(tarn -q build app.yaml app:1 a.tar)
  mkdir away
  cp -r app.yaml app.conf app.lock.json keys site away/
  rm -r site
  run -0 "$TARN" lock --check away/app.yaml
  [ "$(tarn -q --cache cold build --locked=require away/app.yaml app:1 b.tar)" = "$before" ]
}

@test "line ends, comments and the order of keys do not count" {
  write_recipe ./site/repo
  tarn -q lock app.yaml
  sed -i 's/$/ # comment\r/; s/{A: one, B: two}/{B: two, A: one}/' app.yaml
  run -0 "$TARN" lock --check app.yaml
  run -0 "$TARN" build --locked=require app.yaml app:1 a.tar
}

@test "what of a recipe has changed is named, and the lock is made to fit" {
  write_recipe ./site/repo
  tarn -q lock app.yaml
  add_newer_packages
  echo setting=2 >app.conf
  sed -i 's/A: one/A: 1/' app.yaml
  run -2 "$TARN" build app.yaml app:1 a.tar
  assert_output "app.lock.json does not fit app.yaml any more"
  assert_output "environment: changed"
  assert_output "the file ./app.conf: changed"
  assert_output "tarn lock --update"
  [ ! -e a.tar ]
  run -1 "$TARN" --cache none lock --check app.yaml
  run -1 --separate-stderr "$TARN" lock --check --json app.yaml
  check_json '.fits == false and [.misfits[].part] == ["environment", "the file ./app.conf"]' <<<"$output"
  # Without a repository: no package is concerned.
  mv site gone
  run -0 "$TARN" lock --keep app.yaml
  mv gone site
  [ "$(locked_versions)" = "app-1.0-r0 lib-2.0-r0 tool-3.0-r0" ]
  run -0 "$TARN" lock --check app.yaml

  sed -i 's/\[app\]/[app, lib]/' app.yaml
  run -2 "$TARN" build app.yaml app:1 a.tar
  assert_output "contents.packages: added: lib"
  run -0 "$TARN" build --locked=update --arch x86_64 app.yaml app:1 a.tar
  assert_output "wrote app.lock.json"
  [ "$(jq -r '.architectures | keys | join(" ")' app.lock.json)" = "aarch64 x86_64" ]
  [ "$(locked_versions)" = "app-1.0-r0 lib-2.0-r0 tool-3.0-r0" ]
  run -0 "$TARN" build --locked=require app.yaml app:1 a.tar
  run -2 "$TARN" build app.yaml --arch s390x app:1 a.tar
  assert_output "archs: added: s390x"
}

@test "an update changes what was named, and what must change with it" {
  write_recipe ./site/repo
  tarn -q lock app.yaml
  add_newer_packages
  run -0 "$TARN" -q lock --update app.yaml lib
  assert_output "lib      upgraded  2.0-r0  2.1-r0"
  [ "$(wc -l <<<"$output")" -eq 3 ]
  [ "$(locked_versions)" = "app-1.0-r0 lib-2.1-r0 tool-3.0-r0" ]
  run -2 "$TARN" lock --update app.yaml nosuch
  assert_output "'nosuch' is neither in the lock nor in the recipe"
  tarn -q lock --update --json app.yaml |
    check_json '[.changes[] | select(.architecture == "x86_64") | .package] == ["app", "tool"]
      and all(.changes[]; .change == "upgraded")'
  [ "$(locked_versions)" = "app-1.1-r0 lib-2.1-r0 tool-3.1-r0" ]
  run -0 "$TARN" lock --update app.yaml
  assert_output "no package changed"

  # A version that has gone does not stay.
  for arch in x86_64 aarch64; do
    rm "site/repo/$arch"/lib-2.1-r0.apk
    make_packages site/repo "$arch" </dev/null
  done
  run -0 "$TARN" -q lock --update app.yaml tool
  assert_output "lib      downgraded  2.1-r0  2.0-r0"
  [ "$(locked_versions)" = "app-1.1-r0 lib-2.0-r0 tool-3.1-r0" ]
}

@test "wrong uses" {
  write_recipe ./site/repo
  run -2 "$TARN" build --locked=require app.yaml app:1 a.tar
  assert_output "there is no app.lock.json"
  run -1 "$TARN" lock --check app.yaml
  run -2 "$TARN" lock --update app.yaml
  run -2 "$TARN" lock app.yaml app
  assert_output "with --update only"
  tarn -q lock app.yaml
  sed -i 's/"version": 1,/"version": 7,/' app.lock.json
  run -2 "$TARN" build app.yaml app:1 a.tar
  assert_output "does not know version 7"
  echo '{' >app.lock.json
  run -1 "$TARN" build app.yaml app:1 a.tar
  assert_output "app.lock.json is no JSON"
  run -0 "$TARN" lock app.yaml
  run -0 "$TARN" build app.yaml app:1 a.tar
  # Something else under the name of a locked package.
  dd if=/dev/zero of=site/repo/x86_64/lib-2.0-r0.apk bs=1 count=20 seek=100 conv=notrunc status=none
  run -5 "$TARN" --cache cold build app.yaml --arch x86_64 app:1 a.tar
}

@test "a variant has a lock of its own" {
  write_recipe ./site/repo
  printf 'variants:\n  tools:\n    contents: {packages: [tool]}\n' >>app.yaml
  tarn -q lock app.yaml
  tarn -q lock --variant tools app.yaml
  [ -e app.lock.json ] && [ -e app.tools.lock.json ]
  run -0 "$TARN" lock --check --variant tools app.yaml
  run -0 "$TARN" build --locked=require --variant tools app.yaml app:1 a.tar
}

# The lock that apko would write for app.yaml: of tarn's lock the packages in the same order, with the
# places and checksums that apko gives.
write_apko_lock() {
  tarn -q --cache "$BATS_TEST_TMPDIR/elsewhere" lock app.yaml
  python3 - "$1" site/repo >app.lock.json.apko <<'PY'
import base64, hashlib, json, sys, zlib
repository, folder = sys.argv[1:]
def members(data):
    sizes = []
    while data:
        gzip = zlib.decompressobj(31)
        gzip.decompress(data)
        sizes.append(len(data) - len(gzip.unused_data))
        data = gzip.unused_data
    return sizes
def coded(kind, octets):
    return f"{kind}-{base64.b64encode(hashlib.new(kind, octets).digest()).decode()}"
packages = []
for arch, locked in json.load(open("app.lock.json"))["architectures"].items():
    for package in locked["packages"]:
        name = f"{arch}/{package['name']}-{package['version']}.apk"
        data = open(f"{folder}/{name}", "rb").read()
        sizes = members(data)
        start = sum(sizes[:-1])
        control = data[start - sizes[-2]:start]
        packages.append({
            "name": package["name"], "url": f"{repository}/{name}", "version": package["version"],
            "architecture": arch,
            "control": {"range": f"bytes={start - sizes[-2]}-{start - 1}", "checksum": coded("sha1", control)},
            "data": {"range": f"bytes={start}-{len(data)}", "checksum": coded("sha256", data[start:])},
            "checksum": "Q1" + base64.b64encode(hashlib.sha1(control).digest()).decode()})
json.dump({"version": "v1",
           "config": {"name": "app.yaml", "checksum": coded("sha256", open("app.yaml", "rb").read())},
           "contents": {"keyring": [{"name": "./keys", "url": "./keys"}], "build_repositories": [],
                        "runtime_repositories": [],
                        "repositories": [{"name": f"{repository}/{arch}", "url": f"{repository}/{arch}/APKINDEX.tar.gz",
                                          "architecture": arch} for arch in ("aarch64", "x86_64")],
                        "packages": packages}}, sys.stdout, indent=2)
PY
  mv app.lock.json.apko app.lock.json
}

@test "a lock of apko's: the image is the locked one, and no index is asked for" {
  start_nginx site
  write_recipe "$NGINX_URL/repo"
  unlocked=$(tarn -q build --compression gzip:1 app.yaml app:1 u.tar)
  write_apko_lock "$NGINX_URL/repo"
  add_newer_packages
  : >"$NGINX_LOG"
  run -0 --separate-stderr "$TARN" --cache cold build --compression gzip:1 app.yaml app:1 l.tar
  [[ "$stderr" == *"using app.lock.json, which apko wrote"* ]] || fail "$stderr"
  [ "$output" = "$unlocked" ]
  cmp u.tar l.tar
  run ! grep -q APKINDEX "$NGINX_LOG"
  run -0 "$TARN" -q plan --locked=require app.yaml --arch x86_64
  assert_output "2.0-r0"
  refute_output "2.1-r0"
  # What is newer is known of it as well.
  run -0 "$TARN" -q outdated app.yaml --arch x86_64
  assert_output "1.1-r0"
  run -0 "$TARN" lock --check app.yaml
  run -0 "$TARN" build --locked=ignore app.yaml app:1 n.tar
  ! cmp -s u.tar n.tar
}

@test "a lock of apko's: what does not fit is named, and it is never written over" {
  write_recipe ./site/repo
  write_apko_lock ./site/repo
  cp app.lock.json before
  run -0 "$TARN" build --locked=require app.yaml app:1 a.tar
  # Line ends do not count, what stands in the lines does.
  sed -i 's/$/\r/' app.yaml
  run -0 "$TARN" lock --check app.yaml
  sed -i 's/\r$//; s/\[app\]/[app, more]/' app.yaml
  run -2 "$TARN" build app.yaml app:1 b.tar
  assert_output "app.yaml: changed since apko locked it"
  assert_output "'apko lock' makes it fit"
  run -1 "$TARN" lock --check app.yaml
  sed -i 's/, more//' app.yaml
  run -2 "$TARN" build app.yaml app:1 b.tar -p 'tool>4'
  assert_output "contents.packages: not as the lock has it: tool>4"
  for options in "lock" "lock --update" "lock --keep" "build --locked=update"; do
    # shellcheck disable=SC2086
    run -2 "$TARN" $options app.yaml
    assert_output "was written by apko"
  done
  cmp before app.lock.json
  [ ! -e b.tar ]
}

@test "a lock of apko's: another package than the locked one, or from elsewhere, is refused" {
  write_recipe ./site/repo
  write_apko_lock ./site/repo
  cp site/repo/x86_64/app-1.0-r0.apk kept.apk
  printf 'app 1.0-r0 tool lib\n' >list
  make_packages other x86_64 <list
  cp other/x86_64/app-1.0-r0.apk site/repo/x86_64/
  run "$TARN" --cache one build app.yaml app:1 a.tar --arch x86_64
  assert_status 5
  assert_output "app-1.0-r0"
  cp kept.apk site/repo/x86_64/app-1.0-r0.apk
  jq '(.contents.packages[] | select(.name == "lib")).url |= sub("repo"; "elsewhere")' app.lock.json >changed
  cp changed app.lock.json
  run -2 "$TARN" --cache two build app.yaml app:1 a.tar
  assert_output "the lock has lib-2.0-r0 from none of the recipe's repositories"
  jq '.contents.packages[1].checksum = "Q1"' app.lock.json >changed
  cp changed app.lock.json
  run -1 "$TARN" --cache three build app.yaml app:1 a.tar
  assert_output "contents.packages[1].checksum: it is no checksum of a package"
  [ ! -e a.tar ]
}

@test "a key that has become another makes the lock unfit" {
  write_recipe ./site/repo
  tarn -q lock app.yaml
  run -0 "$TARN" lock --check app.yaml
  "$TARN" apk keygen -o you --bits 2048
  cp you.rsa.pub keys/
  run -1 "$TARN" lock --check app.yaml
  assert_output "contents.keyring ./keys: changed"
  tarn -q lock --keep app.yaml
  jq -e '[.keys[].name] == ["me.rsa.pub", "you.rsa.pub"]' app.lock.json
  cp me.rsa.pub keys/you.rsa.pub
  run -2 "$TARN" build app.yaml app:1 a.tar
  assert_output "contents.keyring ./keys: changed"
  rm -r keys
  run -1 "$TARN" lock --check app.yaml
  assert_output "contents.keyring ./keys: removed"
}

@test "outdated: what an update would take, and the newest of all" {
  write_recipe ./site/repo
  sed -i 's/\[app\]/[app, tool<3.1]/' app.yaml
  tarn -q lock app.yaml
  run -0 "$TARN" -q outdated app.yaml --arch x86_64
  [ "$output" = "x86_64: nothing newer" ]
  add_newer_packages
  run -0 "$TARN" -q outdated app.yaml --arch x86_64
  expected='x86_64:
package  version  update  newest  in
app      1.0-r0   1.1-r0  1.1-r0  ./site/repo
lib      2.0-r0   2.1-r0  2.1-r0  ./site/repo
tool     3.0-r0   3.0-r0  3.1-r0  ./site/repo'
  [ "${output//$PWD/.}" = "$expected" ] || fail "$output"
  tarn -q outdated app.yaml --json | check_json '[.architectures[].architecture] == ["aarch64", "x86_64"]
    and .architectures[1].packages[2] == {"name": "tool", "version": "3.0-r0", "update": "3.0-r0",
      "newest": "3.1-r0", "newest_repository": .architectures[1].packages[0].newest_repository}'
  rm app.lock.json
  tarn -q outdated app.yaml --json | check_json '[.architectures[1].packages[].name] == ["tool"]'
}

@test "vendor: the packages as a repository, and as a mirror of the one they came from" {
  start_nginx site
  write_recipe "$NGINX_URL/repo"
  unlocked=$(tarn -q build app.yaml app:1 u.tar)
  tarn -q lock app.yaml
  add_newer_packages
  run -0 --separate-stderr "$TARN" vendor app.yaml own --json
  check_json '.packages == 6' <<<"$output"
  [ "$(find own -name '*.apk' | wc -l)" -eq 6 ]
  [ "$(find own -name '*.rsa' -perm 600 | wc -l)" -eq 1 ]
  # Once more: the same key, the same octets.
  cp -r own again
  tarn -q vendor app.yaml again
  diff -r own again

  sed "s#repositories: .*#repositories: [./own]#; s#./keys#./own/$(basename own/*.pub)#" app.yaml >own.yaml
  run -0 "$TARN" plan --locked=ignore own.yaml --arch x86_64
  assert_output 1.0-r0

  stop_nginx
  printf 'mirrors:\n  "%s": [./own]\n' "$NGINX_URL/repo" >>app.yaml
  [ "$(tarn -q --cache cold build --locked=require app.yaml app:1 m.tar)" = "$unlocked" ]

  tarn -q vendor app.yaml given --key me.rsa
  run -0 "$TARN" apk verify --keys-dir keys given/x86_64/APKINDEX.tar.gz
}

@test "the recipes are locked against whole indexes, and an older lock is updated sparingly" {
  need_shared
  [ -d "$SHARED/mirror/alpine/v3.19/community" ] || skip "no indexes of v3.19"
  cp -r "$project/recipes" recipes
  start_nginx "$SHARED/mirror"
  options=(--var "mirror=$NGINX_URL/alpine" --var release=v3.19 -k "$SHARED/keys" --arch x86_64)
  for recipe in recipes/*.yaml; do
    run -0 "$TARN" -q lock "$recipe" "${options[@]}"
    [ -s "${recipe%.yaml}.lock.json" ]
  done
  run ! grep -q '\.apk ' "$NGINX_LOG"

  lock=recipes/nginx-php.lock.json
  jq '(.architectures.x86_64.packages[] | select(.name == "nginx")) |=
    (.version = "1.0.0-r0" | .checksum = "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=")' "$lock" >older.json
  cp "$lock" newest.json
  cp older.json "$lock"
  tarn -q lock --update recipes/nginx-php.yaml nginx "${options[@]}" --json |
    check_json '[.changes[] | [.package, .change, .before]] == [["nginx", "upgraded", "1.0.0-r0"]]'
  # In install order and all else as it was.
  cmp "$lock" newest.json
}
