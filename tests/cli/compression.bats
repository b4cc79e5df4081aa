# How layers are compressed: the recipe's word, and --compression in its place.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup() {
  need jq
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  make_key
  seq 20000 >content
  make_repository repo x86_64 <<'EOF'
app 1.0-r0
EOF
  write_recipe recipe.yaml ''
}

teardown() { stop_all_nginx; }

# write_recipe FILE MORE
write_recipe() {
  cat >"$1" <<YAML
contents:
  repositories: ["${REPOSITORY:-$PWD/repo}"]
  keyring: [keys/me.rsa.pub]
  packages: [app]
files: [{path: /content, source: content}]
archs: [x86_64]
$2
YAML
}

# layer RECIPE OPTION…: the only layer of its image, as JSON
layer() { "$TARN" -q build "$@" --json app:1 app.tar | jq -c '.images[0].layers[0]'; }

@test "the option gives what the recipe's key gives" {
  while read -r option key type; do
    write_recipe keyed.yaml "compression: $key"
    keyed=$(layer keyed.yaml)
    [ "$(layer recipe.yaml --compression "$option")" = "$keyed" ]
    jq -e ".media_type == \"application/vnd.oci.image.layer.v1.tar$type\"" <<<"$keyed"
  done <<'EOF'
gzip {"codec":"gzip"} +gzip
gzip:1 {"codec":"gzip","level":1} +gzip
gzip:12 {"codec":"gzip","level":12} +gzip
zstd {"codec":"zstd"} +zstd
zstd:1 {"codec":"zstd","level":1} +zstd
zstd:19 {"codec":"zstd","level":19} +zstd
none {"codec":"none"}
EOF
}

@test "the option wins over the recipe, and the tar is the same" {
  write_recipe zstd.yaml 'compression: {codec: zstd, level: 19}'
  zstd=$(layer zstd.yaml)
  small=$(layer zstd.yaml --compression gzip:12)
  large=$(layer zstd.yaml --compression=gzip:1)
  none=$(layer zstd.yaml --compression none)
  for other in "$small" "$large" "$none"; do
    [ "$(jq .diff_id <<<"$other")" = "$(jq .diff_id <<<"$zstd")" ]
  done
  [ "$(jq .size <<<"$small")" -lt "$(jq .size <<<"$large")" ]
  jq -e '.size == .unpacked_size and ("sha256:" + (.digest[7:])) == .diff_id' <<<"$none"
}

@test "another compression is refused before any work" {
  need nginx
  start_nginx "$PWD/repo"
  REPOSITORY=$NGINX_URL write_recipe recipe.yaml ''
  for wrong in xz gzip:0 gzip:13 zstd:20 none:1 gzip: ''; do
    for command in build publish load; do
      run -2 "$TARN" "$command" recipe.yaml localhost:1/app:1 --compression "$wrong"
      assert_output "'$wrong' is no compression"
      assert_output 'gzip, gzip:1 to gzip:12, zstd, zstd:1 to zstd:19, none'
    done
  done
  [ ! -s "$NGINX_LOG" ]
  # And so is one that does not fit where the image goes.
  run -2 "$TARN" publish recipe.yaml localhost:1/app:1 --docker-media-types --compression zstd
  run -2 "$TARN" build recipe.yaml app:1 app.docker.tar --compression zstd
  [ ! -s "$NGINX_LOG" ]
}
