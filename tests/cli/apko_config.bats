# Public apko configurations, built with packages that stand in for theirs: the image's config is the
# one that apko would write, field by field (tests/data/apko/config.json). Packages are Alpine's own
# where the shared mirror has them, else small ones of the same name.

bats_require_minimum_version 1.5.0
load helper
load small_repository

GOLDEN=$project/tests/data/apko/config.json

setup() {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  need jq
  need_shared
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache
  RECIPES=$SHARED/corpora/apko-yaml
}

# names_in INDEX: of its packages.
names_in() { bsdtar -xOf "$1" APKINDEX | sed -n 's/^P://p' | sort -u; }

# make_stand_ins RECIPE…: mirror/ and small/, repositories for three architectures.
make_stand_ins() {
  local recipe arch name version
  mkdir -p mirror all
  ln -s "$SHARED/mirror/alpine/v3.19.1-bootmedia/x86_64" mirror/x86_64
  ln -s "$SHARED/mirror/alpine/v3.13-bootmedia/aarch64" mirror/aarch64
  ln -s ../small/armv7 mirror/armv7
  for recipe in "$@"; do "$TARN" config --json "$RECIPES/$recipe" | jq -r '.contents.packages[]'; done |
    sed 's/@[a-z]*//' | sort -u >wanted
  echo s6 >>wanted
  make_key
  while IFS== read -r name version; do
    mkdir -p "files/$name/usr/share"
    echo small >"files/$name/usr/share/$name"
    "$TARN" -q apk pack "files/$name" --name "$name" --version "${version:-1-r0}" --arch noarch \
      --build-time 1700000000 -o "all/$name=${version:-1-r0}" >/dev/null
  done <wanted
  for arch in x86_64 aarch64 armv7; do
    mkdir -p "small/$arch"
    names_in "mirror/$arch/APKINDEX.tar.gz" >known 2>/dev/null || : >known
    for name in all/*; do
      name=${name#all/}
      # With a version of its own it is not the mirror's.
      if [[ $name != *=1-r0 ]] || ! grep -qxF "${name%=*}" known; then
        cp "all/$name" "small/$arch/${name/=/-}.apk"
      fi
    done
    "$TARN" -q apk index --allow-untrusted --rewrite-arch $arch --key me.rsa \
      -o "small/$arch/APKINDEX.tar.gz" "small/$arch" >/dev/null
  done
}

# rewrite RECIPE: recipe.yaml with the repositories that stand in. Paths and certificates are files
# in the image, and of files the packages here have none.
rewrite() {
  "$TARN" config --json "$RECIPES/$1" | jq --arg here "$PWD" --arg keys "$SHARED/keys" '
    del(.paths, .certificates) | .archs = (.archs // ["x86_64"]) | .scripts = "skip"
    | .compression = {codec: "gzip", level: 1} | .contents = {
        build_repositories: [$here + "/mirror", $here + "/small"],
        keyring: [$keys, $here + "/keys/me.rsa.pub"],
        packages: [.contents.packages[] | sub("@[a-z]+"; "")]
      }' >recipe.yaml
}

# The blob of a descriptor that jq finds in a file.
blob() { cat "image/blobs/sha256/$(jq -r "$2" "$1" | sed 's/^sha256://')"; }

# check_image RECIPE: what lies in image/ against the golden table.
check_image() {
  local entry=.manifests[0].digest platforms i count
  rm -f creations
  cp image/index.json index.json
  if [ "$(jq -r '.manifests[0].mediaType' index.json)" = application/vnd.oci.image.index.v1+json ]; then
    blob index.json "$entry" >inner.json && mv inner.json index.json
  fi
  jq -e --arg name "$1" --slurpfile golden "$GOLDEN" '
    $golden[0] as $all | ($all.defaults + $all.recipes[$name]) as $expected
    | .schemaVersion == 2 and .mediaType == "application/vnd.oci.image.index.v1+json"
      and [.manifests[].platform | [.architecture, .variant // empty] | join("/")] == $expected.architectures
      and all(.manifests[]; .mediaType == "application/vnd.oci.image.manifest.v1+json"
        and .platform.os == "linux")
      # Of one image there is a layout without an index of its own.
      and ((.manifests | length) == 1 or .annotations == $expected.Labels
        + {"org.opencontainers.image.created": .annotations["org.opencontainers.image.created"]})' \
    index.json >/dev/null || fail "$1: the index" "$(cat index.json)" || return 1
  count=$(jq '.manifests | length' index.json)
  for i in $(seq 0 $((count - 1))); do
    blob index.json ".manifests[$i].digest" >manifest.json
    blob manifest.json .config.digest >config.json
    # apk's time of the newest package, from the image's own database.
    newest=$(blob manifest.json '.layers[-1].digest' | bsdtar -xOf - lib/apk/db/installed |
      sed -n 's/^t://p' | sort -n | tail -n 1)
    jq -r .created config.json >>creations
    jq -n --arg name "$1" --arg newest "$newest" --argjson i "$i" --slurpfile golden "$GOLDEN" \
      --slurpfile index index.json --slurpfile manifest manifest.json --slurpfile config config.json '
      $golden[0] as $all | ($all.defaults + $all.recipes[$name]) as $row
      | ($newest | tonumber | todate) as $created
      | ($row.Labels + {"org.opencontainers.image.created": $created}) as $labels
      | $index[0].manifests[$i].platform as $platform
      | def difference($what; $found; $expected):
          if $found == $expected then empty else {$what, $found, $expected} end;
        [ difference("config"; $config[0].config; ($row | del(.architectures)) + {Labels: $labels}),
          difference("platform"; $config[0] | {architecture, os} + with_entries(select(.key == "variant"));
            $platform),
          difference("created"; $config[0].created; $created),
          difference("history"; $config[0].history;
            [$manifest[0].layers[] | {created: $created, created_by: "tarn", author: "tarn"}]),
          difference("rootfs"; $config[0].rootfs | [.type, (.diff_ids | length)];
            ["layers", ($manifest[0].layers | length)]),
          difference("annotations"; $manifest[0].annotations; $labels),
          difference("media types"; $manifest[0] | [.schemaVersion, .mediaType, .config.mediaType,
              (.layers | map(.mediaType) | unique[])];
            [2, "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json",
              "application/vnd.oci.image.layer.v1.tar+gzip"])
        ]' >differences.json
    [ "$(jq length differences.json)" -eq 0 ] || fail "$1:" "$(jq -c '.[]' differences.json)" || return 1
  done
  # An index is as new as the newest of its images.
  [ "$count" -eq 1 ] || [ "$(sort creations | tail -n 1)" = \
    "$(jq -r '.annotations["org.opencontainers.image.created"]' index.json)" ] ||
    fail "$1: the index is of another time" "$(cat creations index.json)"
}

@test "every configuration has its row, and every row its configuration" {
  diff <(cd "$RECIPES" && ls | LC_ALL=C sort) \
    <(jq -r '.recipes + ."left out" | keys[]' "$GOLDEN" | LC_ALL=C sort)
  # What is left out is so because it cannot be read.
  jq -r '."left out" | keys[]' "$GOLDEN" | while read -r recipe; do
    ! "$TARN" config "$RECIPES/$recipe" 2>refusal
    grep -q ' is not there$' refusal
  done
}

@test "configs, manifests and indexes are those that apko would write" {
  mapfile -t recipes < <(jq -r '.recipes | keys[]' "$GOLDEN")
  make_stand_ins "${recipes[@]}"
  wrong=()
  for recipe in "${recipes[@]}"; do
    rewrite "$recipe"
    rm -rf image
    run "$TARN" -q build recipe.yaml apko:latest image/
    if [ "$status" -ne 0 ]; then
      wrong+=("$recipe: $output")
      continue
    fi
    said=$(check_image "$recipe" 2>&1) || wrong+=("$said")
  done
  [ ${#wrong[@]} -eq 0 ] || fail "${wrong[@]}"
}

@test "a service bundle has s6, and its services where apko puts them" {
  recipe=chainguard-dev__apko__examples__nginx-rootless.yaml
  make_stand_ins $recipe
  rewrite $recipe
  "$TARN" -q build recipe.yaml apko:latest image/
  blob image/index.json '.manifests[0].digest' >manifest.json
  blob manifest.json '.layers[0].digest' >layer.tar.gz
  bsdtar -xOf layer.tar.gz lib/apk/db/installed | grep -qx P:s6
  [ "$(bsdtar -xOf layer.tar.gz sv/nginx/run)" = '#!/bin/execlineb
/usr/sbin/nginx -c /etc/nginx/nginx.conf -g "daemon off;"' ]
  bsdtar -tvf layer.tar.gz | grep -Eq '^-rwxr-xr-x .* sv/nginx/run$'
}
