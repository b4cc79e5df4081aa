# Images pushed to registries, read back by skopeo; what the registries saw is counted in their logs.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup_file() {
  command -v docker-registry >/dev/null && command -v skopeo >/dev/null || return 0
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  mkdir -p files/usr/share
  # Three megabytes that gzip makes no smaller.
  openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 3000000 >files/usr/share/big
  echo 'small 1.0-r0' >list
  make_repository repository x86_64 <list
  make_repository repository aarch64 <list
}

setup() {
  need docker-registry skopeo jq openssl python3
  enter_own_folder
  write_recipe base.yaml '[x86_64]'
}

teardown() { stop_servers; }

# write_recipe FILE ARCHS [more YAML]
write_recipe() {
  cat >"$1" <<YAML
contents:
  build_repositories: ["$BATS_FILE_TMPDIR/repository"]
  keyring: ["$BATS_FILE_TMPDIR/keys"]
  packages: [small]
archs: $2
${3:-}
YAML
}

# check NAME FILTER: that jq's filter holds for the manifest or index.
check() {
  remote inspect --tls-verify=false --raw "docker://$1" >"$BATS_TEST_TMPDIR/checked.json" || return 1
  jq -e "$2" "$BATS_TEST_TMPDIR/checked.json" >/dev/null || {
    cat "$BATS_TEST_TMPDIR/checked.json"
    return 1
  }
}

# The digest that the registry has for a name, and that skopeo checks while it copies.
digest_of() {
  remote inspect --tls-verify=false --raw "docker://$1" >"$BATS_TEST_TMPDIR/raw.json" || return 1
  echo "sha256:$(sha256sum <"$BATS_TEST_TMPDIR/raw.json" | cut -d' ' -f1)"
}

@test "over http: pushed, the digest printed is what skopeo reads, and nothing is sent twice" {
  start_registry registry
  printed=$("$TARN" -q publish base.yaml "$REGISTRY/team/base:1")
  [ "$printed" = "$REGISTRY/team/base@$(digest_of "$REGISTRY/team/base:1")" ]
  remote copy --quiet --all --preserve-digests --src-tls-verify=false "docker://$printed" oci:copy:1
  [ "${printed#*@}" = "$(jq -r '.manifests[0].digest' copy/index.json)" ]
  sent=$(requests PUT '/v2/team/base/blobs/.*')
  [ "$sent" -eq 2 ]
  again=$("$TARN" -q publish base.yaml "$REGISTRY/team/base:1")
  [ "$again" = "$printed" ]
  [ "$(requests 'PUT' '/v2/team/base/blobs/.*')" -eq 2 ]
  [ "$(requests 'PATCH' '.*')" -eq 0 ]
  [ "$(requests 'POST' '.*')" -eq 2 ]
}

@test "several names: tags, a second repository by mount, and one remembered from an earlier run" {
  start_registry registry
  run -0 --separate-stderr "$TARN" publish base.yaml "$REGISTRY/a:1" "$REGISTRY/a:latest" "$REGISTRY/b/c:1" \
    --image-refs refs --json
  jq -e '.pushed | length == 2 and .[0].tags == ["1", "latest"] and .[0].blobs_sent == 2
    and .[1].blobs_mounted == 2 and .[1].blobs_sent == 0' <<<"$output"
  digest=$(jq -r .digest <<<"$output")
  for name in a:1 a:latest b/c:1; do [ "$(digest_of "$REGISTRY/$name")" = "$digest" ]; done
  manifest=$(jq -r '.images[0].manifest' <<<"$output")
  printf '%s\n' "$REGISTRY/a@$manifest" "$REGISTRY/a@$digest" "$REGISTRY/b/c@$manifest" \
    "$REGISTRY/b/c@$digest" | diff - refs
  "$TARN" -q publish base.yaml "$REGISTRY/later:1"
  [ "$(requests PUT '/v2/[^ ]*/blobs/.*')" -eq 2 ]
  # Without the memory, and without the cache: the blobs are sent.
  "$TARN" -q --cache "$PWD/other" publish base.yaml "$REGISTRY/unknown:1"
  [ "$(requests PUT '/v2/unknown/blobs/.*')" -eq 2 ]
}

@test "two architectures: an index, each read by its platform" {
  start_registry registry
  write_recipe both.yaml '[x86_64, aarch64]' 'annotations: {org.example.a: b}'
  run -0 --separate-stderr "$TARN" publish both.yaml "$REGISTRY/both:1" --json --annotation c=d
  for arch in amd64 arm64; do
    remote inspect --tls-verify=false --override-arch $arch "docker://$REGISTRY/both:1" >$arch.json
    [ "$(jq -r .Architecture $arch.json)" = $arch ]
    remote inspect --tls-verify=false --override-arch $arch --config "docker://$REGISTRY/both:1" >config.json
    jq -e '.config.Labels["c"] == "d" and .config.Labels["org.example.a"] == "b"' config.json
  done
  check "$REGISTRY/both:1" '.annotations.c == "d" and (.manifests | length == 2)'
  remote copy --quiet --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/both:1" oci:both:1
  [ "$(jq -r .digest <<<"$output")" = "$(jq -r '.manifests[0].digest' both/index.json)" ]
}

@test "docker's media types, and zstd which they do not know" {
  start_registry registry
  "$TARN" -q publish base.yaml "$REGISTRY/docker:1" --docker-media-types
  check "$REGISTRY/docker:1" '.mediaType == "application/vnd.docker.distribution.manifest.list.v2+json"'
  remote copy --quiet --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/docker:1" dir:copy
  jq -e '.layers[0].mediaType == "application/vnd.docker.image.rootfs.diff.tar.gzip"
    and .config.mediaType == "application/vnd.docker.container.image.v1+json"' copy/*.manifest.json
  write_recipe zstd.yaml '[x86_64]' 'compression: zstd'
  before=$(wc -l <"$REGISTRY_LOG")
  run -2 "$TARN" publish zstd.yaml "$REGISTRY/docker:2" --docker-media-types
  assert_output zstd
  [ "$(wc -l <"$REGISTRY_LOG")" -eq "$before" ]
}

@test "https with an own authority: refused, with --ca-file, by certs.d, and with --insecure" {
  make_authority ca
  start_registry registry "$(registry_tls "$PWD/ca/server.crt" "$PWD/ca/server.key")"
  name=localhost:$REGISTRY_PORT/tls:1
  run -4 "$TARN" publish base.yaml "$name"
  assert_output 'certificate'
  assert_output '--ca-file'
  printed=$("$TARN" -q publish base.yaml "$name" --ca-file ca/ca.crt)
  mkdir -p certs && cp ca/ca.crt certs/
  remote copy --quiet --all --preserve-digests --src-cert-dir certs "docker://$name" oci:copy:1
  [ "${printed#*@}" = "$(jq -r '.manifests[0].digest' copy/index.json)" ]
  "$TARN" -q publish base.yaml "$name" --insecure "localhost:$REGISTRY_PORT"
  mkdir -p "$HOME/.config/containers/certs.d/localhost:$REGISTRY_PORT"
  cp ca/ca.crt "$HOME/.config/containers/certs.d/localhost:$REGISTRY_PORT/"
  "$TARN" -q publish base.yaml "$name"
  [ "$(requests PUT '/v2/tls/blobs/.*')" -eq 2 ]
}

# nothing_secret WORD…: none of them in the output.
nothing_secret() {
  local word
  for word in "$@"; do refute_output "$word"; done
}

@test "Basic credentials: login, push, wrong ones, a helper, logout" {
  need htpasswd
  htpasswd -Bbn -C 4 ann 'open-sesame' >users
  start_registry registry "$(registry_htpasswd "$PWD/users")"
  secret=$(printf 'ann:open-sesame' | base64)
  run -4 "$TARN" publish base.yaml "$REGISTRY/basic:1"
  assert_output "tarn login $REGISTRY"
  run -4 "$TARN" -v login -u ann --password-stdin "$REGISTRY" <<<'wrong-word'
  assert_output 'user ann'
  nothing_secret wrong-word "$(printf 'ann:wrong-word' | base64)"
  [ ! -e "$HOME/.docker/config.json" ]
  run -0 "$TARN" login -u ann --password-stdin "$REGISTRY" <<<'open-sesame'
  assert_output "$HOME/.docker/config.json"
  [ "$(stat -c %a "$HOME/.docker/config.json")" = 600 ]
  run -0 "$TARN" -v publish base.yaml "$REGISTRY/basic:1" --json
  nothing_secret open-sesame "$secret"
  # skopeo and podman read what login wrote.
  REGISTRY_AUTH_FILE=$HOME/.docker/config.json remote inspect --tls-verify=false "docker://$REGISTRY/basic:1" >/dev/null

  # Wrong ones in the file.
  printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$(printf 'ann:wrong-word' | base64)" >wrong.json
  run -4 "$TARN" -v publish base.yaml "$REGISTRY/basic:2" --authfile wrong.json --json
  assert_output 'user ann'
  assert_output "$PWD/wrong.json"
  assert_output "$REGISTRY refuses"
  nothing_secret wrong-word "$(printf 'ann:wrong-word' | base64)"

  # A helper, for this registry alone.
  mkdir bin
  cat >bin/docker-credential-tests <<'SH'
#!/bin/sh
read -r server
[ "$1" = get ] && [ "$server" = "$(cat "$HOME/server")" ] || { echo credentials not found in native keychain; exit 1; }
printf '{"ServerURL":"%s","Username":"ann","Secret":"open-sesame"}' "$server"
SH
  chmod +x bin/docker-credential-tests
  echo "$REGISTRY" >"$HOME/server"
  printf '{"credHelpers":{"%s":"tests"}}' "$REGISTRY" >helper.json
  PATH=$PWD/bin:$PATH REGISTRY_AUTH_FILE=$PWD/helper.json "$TARN" -q publish base.yaml "$REGISTRY/basic:3"

  run -0 "$TARN" logout "$REGISTRY"
  run -4 "$TARN" publish base.yaml "$REGISTRY/basic:4"
  run -1 "$TARN" logout "$REGISTRY"
}

@test "login asks on the terminal, and does not show the password" {
  need htpasswd
  htpasswd -Bbn -C 4 ann 'open-sesame' >users
  start_registry registry "$(registry_htpasswd "$PWD/users")"
  run -0 python3 "$BATS_TEST_DIRNAME/type_into.py" ann open-sesame -- "$TARN" login "$REGISTRY"
  assert_output "User for $REGISTRY: ann"
  assert_output 'Password of ann: '
  assert_output 'logged in'
  nothing_secret open-sesame
  run -4 python3 "$BATS_TEST_DIRNAME/type_into.py" ann wrong-word -- "$TARN" login "$REGISTRY"
  nothing_secret wrong-word
  "$TARN" -q publish base.yaml "$REGISTRY/basic:1"
}

@test "tokens: by Basic and by identity token, renewed when they end, refused without the secret" {
  make_authority ca
  start_python service token_service.py ca/server.key ca/server.crt "$PWD/tokens" 60 \
    ann:open-sesame eve:other-word:eve/
  start_registry registry "$(registry_tokens "http://127.0.0.1:$SERVER_PORT/token" "$PWD/ca/server.crt")"
  run -4 "$TARN" publish base.yaml "$REGISTRY/team/base:1"
  assert_output "tarn login $REGISTRY"
  run -4 "$TARN" -v login -u ann --password-stdin "$REGISTRY" <<<'wrong-word'
  nothing_secret wrong-word "$(printf 'ann:wrong-word' | base64)"
  "$TARN" -q login -u ann --password-stdin "$REGISTRY" <<<'open-sesame'
  : >tokens
  run -0 "$TARN" -v publish base.yaml "$REGISTRY/team/base:1" "$REGISTRY/team/other:1"
  nothing_secret open-sesame eyJ
  # One for each repository, and one to take blobs from the first for the second.
  [ "$(sort -u tokens | wc -l)" -eq 3 ]
  [ "$(wc -l <tokens)" -eq 3 ]
  grep -qx 'GET ann repository:team/base:pull repository:team/other:pull,push' tokens
  remote inspect --tls-verify=false --creds ann:open-sesame "docker://$REGISTRY/team/other:1" >/dev/null

  # Who may not push there is told so.
  "$TARN" -q login -u eve --password-stdin "$REGISTRY" <<<'other-word'
  run -4 "$TARN" publish base.yaml "$REGISTRY/team/base:2"
  assert_output 'user eve'
  nothing_secret other-word
  # What may not be mounted is sent.
  "$TARN" -q publish base.yaml "$REGISTRY/eve/base:1"
  [ "$(requests PUT '/v2/eve/base/blobs/.*')" -eq 2 ]

  printf '{"auths":{"%s":{"identitytoken":"identity-of-ann"}}}' "$REGISTRY" >identity.json
  "$TARN" -q publish base.yaml "$REGISTRY/team/base:3" --authfile identity.json
  grep -q '^POST ann repository:team/base:pull,push$' tokens
  printf '{"auths":{"%s":{"identitytoken":"identity-of-nobody"}}}' "$REGISTRY" >identity.json
  run -4 "$TARN" publish base.yaml "$REGISTRY/team/base:4" --authfile identity.json
  nothing_secret identity-of-nobody
}

@test "tokens that end at once are asked for again" {
  make_authority ca
  start_python service token_service.py ca/server.key ca/server.crt "$PWD/tokens" 2 ann:open-sesame
  start_registry registry "$(registry_tokens "http://127.0.0.1:$SERVER_PORT/token" "$PWD/ca/server.crt")"
  "$TARN" -q login -u ann --password-stdin "$REGISTRY" <<<'open-sesame'
  : >tokens
  printed=$("$TARN" -q publish base.yaml "$REGISTRY/team/base:1" --chunk-size 500KB)
  [ "$(wc -l <tokens)" -gt 8 ]
  remote copy --quiet --all --preserve-digests --src-tls-verify=false --src-creds ann:open-sesame \
    "docker://$REGISTRY/team/base:1" oci:copy:1
  [ "${printed#*@}" = "$(jq -r '.manifests[0].digest' copy/index.json)" ]
}

@test "connections that break at random points: the push goes on, with the same digest" {
  start_registry registry
  expected=$("$TARN" -q publish base.yaml "$REGISTRY/whole:1")
  for seed in 1 2 3; do
    for chunk in 0 200kb; do
      start_python proxy unreliable_proxy.py "$REGISTRY_PORT" $seed 4 100 600000
      # Without the memory of other repositories, so that all is sent.
      printed=$("$TARN" -q --cache "$PWD/cache-$seed-$chunk" publish base.yaml \
        "127.0.0.1:$SERVER_PORT/broken-$seed-$chunk:1" --chunk-size $chunk)
      [ "${printed#*@}" = "${expected#*@}" ]
      cuts=$(grep -c '^cut' proxy)
      echo "# seed $seed, chunks of $chunk: $cuts cuts" >&3
      [ "$cuts" -ge 1 ]
      rm -rf copy
      remote copy --quiet --all --preserve-digests --src-tls-verify=false \
        "docker://$REGISTRY/broken-$seed-$chunk:1" oci:copy:1
    done
  done
}

@test "a proxy of the environment is used, but not for this machine" {
  start_registry registry
  # The registry answers requests that are made for a proxy, too.
  https_proxy=http://$REGISTRY http_proxy=http://$REGISTRY "$TARN" -q publish base.yaml \
    --insecure registry.test registry.test/proxied:1
  [ "$(requests PUT 'http://registry.test/v2/proxied/blobs/.*')" -eq 2 ]
  nowhere=http://127.0.0.1:$(free_port)
  https_proxy=$nowhere http_proxy=$nowhere "$TARN" -q publish base.yaml "$REGISTRY/direct:1"
}

# docker-registry forgets an upload that broke off inside a request; between requests it does not.
@test "an upload that breaks off between its pieces goes on where it was" {
  start_registry registry
  start_python proxy unreliable_proxy.py "$REGISTRY_PORT" 5 20 0 0 PATCH
  "$TARN" -q publish base.yaml "127.0.0.1:$SERVER_PORT/resumed:1" --chunk-size 100kb
  [ "$(grep -c '^cut' proxy)" -ge 5 ]
  grep -qE '"GET /v2/resumed/blobs/uploads/[^ ]* HTTP/1.1" 204 ' "$REGISTRY_LOG"
  # Two blobs, each begun once.
  [ "$(requests POST '/v2/resumed/blobs/uploads/')" -eq 2 ]
  remote copy --quiet --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/resumed:1" oci:copy:1
}

@test "a registry that answers no more ends the push with status 4" {
  start_registry registry
  start_python proxy unreliable_proxy.py "$REGISTRY_PORT" 7 1000000 0 2000
  run -4 timeout 120 "$TARN" publish base.yaml "127.0.0.1:$SERVER_PORT/never:1"
  [ ! -e "registry/store/docker/registry/v2/repositories/never/_manifests/tags" ]
  stop_servers
  run -4 timeout 120 "$TARN" publish base.yaml "$REGISTRY/never:1"
  assert_output "$REGISTRY"
}

@test "two pushers of the same image at once" {
  start_registry registry
  "$TARN" -q publish base.yaml "$REGISTRY/both:1" >first 3>&- &
  first=$!
  "$TARN" -q --cache "$PWD/other" publish base.yaml "$REGISTRY/both:2" >second 3>&-
  wait "$first"
  cmp first second
  for tag in 1 2; do
    remote copy --quiet --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/both:$tag" oci:copy-$tag:1
  done
}

@test "artifacts: listed under the fallback tag of a registry without the referrers API" {
  unit=$(dirname "$TARN")/tests/tarn-unit
  [ -x "$unit" ] || skip "the unit tests are not built"
  start_registry registry
  printed=$("$TARN" -q publish base.yaml "$REGISTRY/tests/artifact:1")
  TARN_TEST_REGISTRY=$REGISTRY run -0 "$unit" -tc='artifact: pushed to a real registry'
  digest=${printed#*@sha256:}
  assert_output '1 passed'
  check "$REGISTRY/tests/artifact:sha256-$digest" '[.manifests[].artifactType] == ["application/spdx+json", "application/spdx+json"]'
}

@test "names and options that cannot be are refused before anything is built" {
  run -2 "$TARN" publish base.yaml team/UPPER
  run -2 "$TARN" publish base.yaml
  run -2 "$TARN" login "http://registry.example.org"
  assert_output "no registry's name"
  run -2 "$TARN" login -u ann:x --password-stdin registry.example.org <<<pw
  run -4 timeout 60 "$TARN" publish base.yaml "127.0.0.1:$(free_port)/x:1"
  refute_output 'unpacking'
}
