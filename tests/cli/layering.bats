# Images of several layers, and what they unpack to.

bats_require_minimum_version 1.5.0
load helper
load consumers

setup() {
  need_shared
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache
}

# write_recipe FILE [more YAML]: real packages, with links and owners.
write_recipe() {
  cat >"$1" <<YAML
contents:
  repositories: ["$SHARED/mirror/alpine/v3.19.1-bootmedia"]
  keyring: ["$SHARED/keys"]
  packages: [alpine-base, openssl]
archs: [x86_64]
paths:
  - {path: /usr/bin/second-openssl, type: hardlink, source: /usr/bin/openssl}
  - {path: /srv/data, type: directory, uid: 1000, gid: 1000, permissions: 0o700}
${2:-}
YAML
}

# unpacked LAYOUT: lists what umoci makes of it.
unpacked() {
  timeout 60 umoci unpack --image "$1:latest" "$1.bundle" >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
  python3 "$BATS_TEST_DIRNAME/tree_listing.py" "$1.bundle/rootfs"
}

manifest_of() { # manifest_of LAYOUT
  jq -r '.manifests[0].digest | sub("sha256:"; "")' "$1/index.json" |
    { read -r digest && cat "$1/blobs/sha256/$digest"; }
}

@test "layers unpack to the single layer's tree, whatever the budget" {
  needs umoci jq
  needs_root
  write_recipe single.yaml
  "$TARN" build single.yaml x:latest single/
  unpacked single >single.tree
  [ "$(wc -l <single.tree)" -gt 500 ]
  for budget in 0 1 4 100; do
    write_recipe several.yaml "layering: {strategy: origin, budget: $budget}"
    "$TARN" build several.yaml x:latest "several$budget/"
    unpacked "several$budget" >several.tree
    diff single.tree several.tree
  done
  [ "$(manifest_of several0 | jq '.layers | length')" = 2 ]
  [ "$(manifest_of several4 | jq '.layers | length')" = 5 ]
  [ "$(manifest_of several100 | jq '.layers | length')" -gt 8 ]
}

@test "podman runs it, and the bytes are the same for any number of threads" {
  write_recipe several.yaml "layering: {strategy: origin, budget: 5}"
  one=$("$TARN" --threads 1 build several.yaml layered:latest one.tar)
  many=$("$TARN" --threads 7 build several.yaml layered:latest many.tar)
  [ "$one" = "$many" ]
  cmp one.tar many.tar
  run -0 run_in_podman one.tar layered:latest /usr/bin/second-openssl version
  assert_output OpenSSL
}

@test "a change on top leaves the layers of packages as they are" {
  needs jq
  write_recipe first.yaml "layering: {strategy: origin, budget: 5}"
  { cat first.yaml && echo 'files: [{path: /etc/greeting, content: hello}]'; } >second.yaml
  for name in first second; do
    "$TARN" build $name.yaml x:latest $name/
    manifest_of $name | jq -r '.layers[].digest' >$name.digests
  done
  [ "$(head -5 first.digests)" = "$(head -5 second.digests)" ]
  [ "$(tail -1 first.digests)" != "$(tail -1 second.digests)" ]
}

@test "every layer lists its own packages, the top all" {
  needs jq
  write_recipe several.yaml "layering: {strategy: origin, budget: 3}"
  "$TARN" build several.yaml x:latest several/
  manifest_of several | jq -r '.layers[].digest | sub("sha256:"; "")' >digests
  while read -r digest; do
    bsdtar -xOf "several/blobs/sha256/$digest" lib/apk/db/installed | grep '^P:' | sort >"$digest"
  done <digests
  head -3 digests | xargs cat | sort >parts
  cmp parts "$(tail -1 digests)"
  [ "$(sort -u parts | wc -l)" = "$(wc -l <parts)" ]
}
