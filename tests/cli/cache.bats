# tarn cache: what is kept, and its removal.

bats_require_minimum_version 1.5.0

load helper

setup() {
  cd "$BATS_TEST_TMPDIR"
  export HOME=$BATS_TEST_TMPDIR/home
  unset XDG_CACHE_HOME
  cache=$BATS_TEST_TMPDIR/cache
}

# A cache with one package of five octets and one index, written with nothing of tarn's.
make_cache() {
  python3 - "$1" <<'EOF'
import hashlib, os, sys
def put(kind, key, content):
    digest = hashlib.sha256(content).hexdigest()
    blob = f"{sys.argv[1]}/v1/blobs/sha256/{digest[:2]}/{digest}"
    entry = f"{sys.argv[1]}/v1/entries/{kind}/{key}"
    text = f"tarn-entry 1\nblob {digest}\nsize {len(content)}\n"
    text += f"sum {hashlib.sha256(text.encode()).hexdigest()}\n"
    for path, data in ((blob, content), (entry, text.encode())):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").write(data)
put("package", "0a1b", b"12345")
put("index", "ff", b"x" * 2048)
EOF
}

@test "info shows kinds, entries and sizes" {
  make_cache "$cache"
  run tarn cache info --cache "$cache"
  assert_status 0
  expected="$cache
kind     entries     size
index          1  2.0 KiB
package        1      5 B
total          2  2.0 KiB"
  [ "$output" = "$expected" ] || fail "$output"
}

@test "info --json is for programs" {
  make_cache "$cache"
  run --separate-stderr tarn cache info --json --cache "$cache"
  assert_status 0
  [ -z "$stderr" ]
  python3 - "$output" "$cache" <<'EOF'
import json, sys
got = json.loads(sys.argv[1])
assert got == {"folder": sys.argv[2], "entries": 2, "bytes": 2053, "kinds": [
    {"kind": "index", "entries": 1, "bytes": 2048},
    {"kind": "package", "entries": 1, "bytes": 5}]}, got
EOF
}

@test "info of no cache is empty and makes none" {
  run tarn cache info
  assert_status 0
  assert_output "total        0   0 B"
  [ ! -e "$HOME/.cache" ]
}

@test "a damaged entry is not counted" {
  make_cache "$cache"
  echo more >>"$cache/v1/entries/package/0a1b"
  run tarn cache info --cache "$cache"
  assert_status 0
  assert_output "unreferenced"
  refute_output "package"
}

@test "the folder is --cache, else TARN_CACHE, else XDG_CACHE_HOME, else HOME" {
  tarn cache info --json --cache "$cache" | grep -qF "\"$cache\""
  TARN_CACHE=$cache/own XDG_CACHE_HOME=$cache/xdg tarn cache info --json | grep -qF "\"$cache/own\""
  XDG_CACHE_HOME=$cache/xdg tarn cache info --json | grep -qF "\"$cache/xdg/tarn\""
  tarn cache info --json | grep -qF "\"$HOME/.cache/tarn\""
  run env -u HOME "$TARN" cache info
  assert_status 2
  assert_output "--cache or TARN_CACHE"
}

@test "clear removes what tarn keeps and nothing else" {
  make_cache "$cache"
  echo mine >"$cache/mine"
  echo mine >"$cache/v1/mine"
  run tarn cache clear --cache "$cache"
  assert_status 0
  assert_output "freed 2."
  [ "$(cd "$cache" && find . -type f | sort | tr '\n' ' ')" = "./mine ./v1/mine " ]
  run --separate-stderr tarn cache clear --json --cache "$cache"
  assert_status 0
  assert_output '"freed": '
}

@test "clear of no cache frees nothing" {
  run --separate-stderr tarn cache clear --json
  assert_status 0
  assert_output '"freed": 0'
  [ ! -e "$HOME/.cache" ]
}

@test "verify finds what is damaged, and only that goes" {
  make_cache "$cache"
  run tarn cache verify --cache "$cache"
  assert_status 0
  [ "$output" = "2 entries with 2.0 KiB are sound" ] || fail "$output"
  echo more >>"$(find "$cache/v1/blobs" -size -2 -type f)"
  run tarn cache verify --cache "$cache"
  assert_status 1
  assert_output "1 of 2 entries"
  assert_output "package/0a1b"
  run --separate-stderr tarn cache verify --json --cache "$cache"
  assert_status 0
  check_json '. == {"entries": 1, "bytes": 2048, "damaged": []}' <<<"$output"
}

@test "trim leaves no more than asked for, the latest last" {
  make_cache "$cache"
  run tarn cache trim --cache "$cache"
  assert_status 2
  assert_output "--unused-for"
  touch -d '40 days ago' "$cache/v1/entries/package/0a1b"
  run --separate-stderr tarn cache trim --unused-for 30 --json --cache "$cache"
  assert_status 0
  check_json '. == {"entries": 1, "freed": 5, "left": 2048}' <<<"$output"
  run tarn cache trim --size 2K --cache "$cache"
  assert_status 0
  assert_output "freed 0 B in $cache; 2.0 KiB are left"
  run tarn cache trim --size 1K --cache "$cache"
  assert_status 0
  assert_output "freed 2.0 KiB in $cache; 0 B are left"
  [ -z "$(find "$cache/v1/entries" "$cache/v1/blobs" -type f)" ]
}

@test "verify and trim of no cache make none" {
  run tarn cache verify
  assert_status 0
  run tarn cache trim --size 1
  assert_status 0
  [ ! -e "$HOME/.cache" ]
}

@test "a cache that cannot be used is an error that names it" {
  echo file >"$cache"
  run tarn cache info --cache "$cache"
  assert_status 1
  assert_output "$cache"
}

@test "cache without a command is wrong usage" {
  run tarn cache
  assert_status 2
  assert_output "tarn cache --help"
}
