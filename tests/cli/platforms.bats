# Images for several architectures: one index, taken apart by platform by the tools that run images.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load consumers
load registries
load matrix

setup_file() {
  [ -z "${TARN_SANITIZED:-}" ] || return 0
  cd "$BATS_FILE_TMPDIR" || return 1
  start_daemons
}

teardown_file() { stop_daemons; }

setup() {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache HOME=$BATS_TEST_TMPDIR/home
  export XDG_RUNTIME_DIR=$HOME/run XDG_CONFIG_HOME=$HOME/.config
  unset REGISTRY_AUTH_FILE DOCKER_CONFIG DOCKER_HOST http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
  mkdir -p "$XDG_RUNTIME_DIR"
}

teardown() { stop_servers; }

# Alpine's busybox for two architectures, from two releases.
write_two() {
  need_shared
  mkdir -p alpine
  ln -s "$SHARED/mirror/alpine/v3.19.1-bootmedia/x86_64" alpine/x86_64
  ln -s "$SHARED/mirror/alpine/v3.13-bootmedia/aarch64" alpine/aarch64
  cat >two.yaml <<YAML
contents:
  build_repositories: ["$PWD/alpine"]
  keyring: ["$SHARED/keys"]
  packages: [alpine-baselayout, busybox, musl]
archs: [x86_64, aarch64]
cmd: /bin/busybox uname -m
annotations: {org.opencontainers.image.title: two}
YAML
}

# manifest_of PLATFORM: its digest, as tarn said it in said.json.
manifest_of() {
  jq -er --arg platform "linux/$1" '.images[] | select(.platform == $platform) | .manifest' said.json
}

digest_of_raw() { echo "sha256:$(sha256sum | cut -d' ' -f1)"; }

@test "skopeo takes an index from a registry whole, and each platform of it by its name" {
  need docker-registry skopeo jq
  write_two
  start_registry registry
  "$TARN" -q publish two.yaml "$REGISTRY/two:1" --json >said.json
  index=$(jq -r .digest said.json)
  remote inspect --tls-verify=false --raw "docker://$REGISTRY/two:1" >index.json
  [ "$index" = "$(digest_of_raw <index.json)" ]
  jq -e '.mediaType == "application/vnd.oci.image.index.v1+json"
    and [.manifests[].platform] == [{architecture: "amd64", os: "linux"}, {architecture: "arm64", os: "linux"}]
    and .annotations["org.opencontainers.image.title"] == "two"' index.json
  remote copy --quiet --all --preserve-digests --src-tls-verify=false "docker://$REGISTRY/two:1" oci:all:1
  [ "$index" = "$(jq -r '.manifests[0].digest' all/index.json)" ]
  for arch in amd64 arm64; do
    manifest=$(manifest_of $arch)
    remote --override-arch $arch copy --quiet --preserve-digests --src-tls-verify=false \
      "docker://$REGISTRY/two:1" "oci:$arch:1"
    [ "$manifest" = "$(jq -r '.manifests[0].digest' $arch/index.json)" ]
    [ "$(remote inspect --config "oci:$arch:1" | jq -r .architecture)" = $arch ]
    remote inspect --tls-verify=false --raw "docker://$REGISTRY/two@$manifest" |
      jq -e '.annotations["org.opencontainers.image.title"] == "two"'
  done
}

@test "podman pulls each platform, and runs the other architecture's under qemu" {
  need docker-registry podman runc jq
  needs_root
  write_two
  start_registry registry
  "$TARN" -q publish two.yaml "$REGISTRY/two:1" --json >said.json
  for way in "--arch amd64" "--platform linux/arm64" "--arch arm64"; do
    arch=${way##*[ /]}
    # shellcheck disable=SC2086
    id=$(_podman pull --quiet --tls-verify=false $way "docker://$REGISTRY/two:1")
    _podman image inspect "$id" >inspected.json
    jq -e --arg arch "$arch" '.[0].Architecture == $arch and .[0].Os == "linux"' inspected.json
    # podman lists an image's digests, the index's among them.
    jq -e --arg manifest "$(manifest_of "$arch")" --arg index "$(jq -r .digest said.json)" '
      .[0].RepoDigests | map(sub(".*@"; "")) | index($manifest) != null and index($index) != null' inspected.json
    limits=(--network=none --ulimit nofile=1024:4096 --ulimit nproc=4096:4096)
    case $arch in
      amd64) [ "$(_podman run --rm --pull=never "${limits[@]}" "$id")" = x86_64 ] ;;
      arm64)
        need qemu-aarch64-static
        # One program each: only qemu itself can be started here.
        emulated=(_podman run --rm --pull=never "${limits[@]}" --arch arm64
          -v "$(command -v qemu-aarch64-static):/qemu:ro" --entrypoint /qemu "$id" /bin/busybox)
        [ "$("${emulated[@]}" uname -m)" = aarch64 ]
        "${emulated[@]}" cat /lib/apk/db/installed >installed
        [ "$(grep -A 2 '^P:busybox$' installed)" = "$(printf 'P:busybox\nV:1.32.1-r5\nA:aarch64')" ]
        ;;
    esac
    _podman rmi --force --all >/dev/null
  done
}

@test "an archive and a layout of two platforms are read by platform, and the index's digest stays" {
  need skopeo jq
  write_two
  "$TARN" -q build two.yaml two:1 -o two.tar -o two/ -o type=oci-archive,dest=two.oci.tar --json >said.json
  index=$(jq -r .digest said.json)
  for from in oci-archive:two.tar oci:two:1 oci-archive:two.oci.tar; do
    rm -rf all
    remote copy --quiet --all --preserve-digests "$from" oci:all:1
    [ "$index" = "$(jq -r '.manifests[0].digest' all/index.json)" ]
    for arch in amd64 arm64; do
      rm -rf one
      remote --override-arch $arch copy --quiet --preserve-digests "$from" oci:one:1
      [ "$(manifest_of $arch)" = "$(jq -r '.manifests[0].digest' one/index.json)" ]
    done
  done
}

# Three platforms of which two differ in nothing but the variant.
write_three() {
  make_key
  for arch in x86_64 armhf armv7; do
    echo 'small 1.0-r0' >list
    make_repository repository "$arch" <list
  done
  cat >three.yaml <<YAML
contents:
  build_repositories: ["$PWD/repository"]
  keyring: ["$PWD/keys"]
  packages: [small]
archs: [x86_64, armhf, armv7]
YAML
}

@test "docker load gives every platform a tag of its own, and one platform alone the tag as written" {
  need jq
  write_three
  "$TARN" -q build three.yaml team/three:1.2 -o three.tar -o type=docker-archive,dest=three.docker.tar \
    -o 'one-{arch}.tar' --json >said.json
  expected=$(printf 'team/three:1.2-%s\n' amd64 arm-v6 arm-v7)
  for archive in three.tar three.docker.tar; do
    bsdtar -xOf $archive manifest.json >manifest.json
    [ "$(jq -r '.[].RepoTags[]' manifest.json)" = "$expected" ]
  done
  for arch in x86_64 armhf armv7; do
    [ "$(bsdtar -xOf one-$arch.tar manifest.json | jq -rc '[.[].RepoTags[]]')" = '["team/three:1.2"]' ]
  done
  need dockerd docker containerd ctr
  [ -e "$BATS_FILE_TMPDIR/docker/socket" ] || skip "dockerd takes root"
  for archive in three.tar three.docker.tar; do
    run -0 _docker load --quiet --input $archive
    [ "$(sort <<<"$output")" = "$(sed 's/^/Loaded image: /' <<<"$expected")" ]
    for platform in amd64/ arm/v6 arm/v7; do
      tag=${platform%/}
      _docker image inspect "team/three:1.2-${tag/\//-}" >inspected.json
      jq -e --arg platform "$platform" --slurpfile said said.json '.[0]
        | .Architecture + "/" + (.Variant // "") == $platform
          and .Id == ($said[0].images[] | select(.platform == "linux/" + ($platform | rtrimstr("/"))) | .config)' \
        inspected.json
    done
    _docker image ls --quiet | sort -u | xargs timeout 60 docker --host "unix://$BATS_FILE_TMPDIR/docker/socket" \
      image rm --force >/dev/null
  done
  run -0 _docker load --quiet --input one-armv7.tar
  assert_output "Loaded image: team/three:1.2"
}

@test "containerd imports every platform of an archive, and pulls the one it is asked for" {
  need containerd ctr runc docker-registry jq qemu-aarch64-static
  [ -e "$BATS_FILE_TMPDIR/containerd/socket" ] || skip "containerd takes root"
  write_two
  "$TARN" -q build two.yaml two:1 two.tar --json >said.json
  _ctr images import --all-platforms --no-unpack two.tar
  read -r _ _ digest _ < <(_ctr images ls | grep /two:1)
  [ "$digest" = "$(jq -r .digest said.json)" ]
  [[ $(_ctr images ls | grep /two:1) == *linux/amd64,linux/arm64* ]]
  start_registry registry
  "$TARN" -q publish two.yaml "$REGISTRY/two:1" --json >said.json
  _ctr images pull --plain-http --snapshotter native --platform linux/arm64 "$REGISTRY/two:1" >/dev/null
  run -0 _ctr run --rm --snapshotter native --runc-root "$BATS_FILE_TMPDIR/containerd/runc" \
    --platform linux/arm64 --mount "type=bind,src=$(command -v qemu-aarch64-static),dst=/qemu,options=bind:ro" \
    "$REGISTRY/two:1" other-platform /qemu /bin/busybox uname -m
  [ "$output" = aarch64 ]
}
