# What takes one image in one form and one codec to one container tool. Load it beside helper,
# consumers and registries.
#
#   make_forms CODEC          builds CODEC.yaml into every form under $FORMS, and publishes it;
#                             what tarn said of it lies in $FORMS/CODEC.json and CODEC.published.json
#   start_daemons             containerd and dockerd, where they are installed and this is root
#   stop_daemons              ends both: call it in teardown_file
#   take_every_cell TOOL      every form and codec to that tool; fails with the cells that failed
#   table                     the matrix, as Markdown
#
# A cell is the file $CELLS/TOOL.FORM.CODEC with the text that stands in the table.

ALL_CODECS="gzip zstd none"
ALL_FORMS="hybrid layout oci-archive docker-archive registry"
ALL_TOOLS="skopeo umoci podman buildah ctr docker"

# cannot TOOL FORM CODEC: prints why that cell cannot work; fails where it can. These are limits of
# the formats and of the tools' versions in Debian 12.
cannot() {
  case $1/$2/$3 in
    */docker-archive/zstd) echo "refused by tarn" ;;
    umoci/docker-archive/* | umoci/registry/*) echo "reads layouts only" ;;
    umoci/*/zstd | docker/*/zstd) echo "knows no zstd" ;;
    docker/layout/* | docker/oci-archive/*) echo "wants manifest.json" ;;
    *) return 1 ;;
  esac
}

# The archive or folder of a form.
place_of() {
  case $1 in
    hybrid) echo "$FORMS/$2.tar" ;;
    layout) echo "$FORMS/$2" ;;
    oci-archive) echo "$FORMS/$2.oci.tar" ;;
    docker-archive) echo "$FORMS/$2.docker.tar" ;;
  esac
}

# How skopeo, podman and buildah name an image in a form.
transport_of() {
  local place
  place=$(place_of "$@")
  case $1 in
    hybrid | oci-archive) echo "oci-archive:$place" ;;
    layout) echo "oci:${place##*/}:$2" ;; # below $FORMS: podman makes a name of it, in lower case
    docker-archive) echo "docker-archive:$place" ;;
    registry) echo "docker://$REGISTRY/greeting:$2" ;;
  esac
}

make_forms() {
  local codec=$1
  local outputs=(-o "$FORMS/$codec.tar" -o "$FORMS/$codec/"
    -o "type=oci-archive,dest=$FORMS/$codec.oci.tar")
  [ "$codec" = zstd ] || outputs+=(-o "type=docker-archive,dest=$FORMS/$codec.docker.tar")
  "$TARN" -q build "$codec.yaml" "greeting:$codec" "${outputs[@]}" --json >"$FORMS/$codec.json" || return 1
  [ -z "$REGISTRY" ] ||
    "$TARN" -q publish "$codec.yaml" "$REGISTRY/greeting:$codec" --json >"$FORMS/$codec.published.json"
}

# Each of the following gives one image to its tool and prints what the tool then says of it:
# "ran TEXT", what the image's command printed, and "digest DIGEST", of the manifest (or index), or,
# where the tool or the form has none, "config DIGEST".

take_by_skopeo() {
  local from
  from=$(transport_of "$@")
  if [ "$1" = docker-archive ]; then
    # The manifest is made by skopeo: a folder holds it beside the config as it came.
    remote copy --quiet "$from" "dir:$HANDS/copy" &&
      echo "config $(jq -r .config.digest "$HANDS/copy/manifest.json")"
  else
    remote copy --quiet --preserve-digests --src-tls-verify=false "$from" "oci:$HANDS/copy:copy" &&
      echo "digest $(jq -r '.manifests[0].digest' "$HANDS/copy/index.json")"
  fi
}

take_by_umoci() {
  local layout
  layout=$(place_of "$@")
  if [ -f "$layout" ]; then
    mkdir "$HANDS/layout" && tar -C "$HANDS/layout" -xf "$layout" && layout=$HANDS/layout || return 1
  fi
  BATS_TEST_TMPDIR=$HANDS
  echo "ran $(run_in_runc "$layout:$2")" &&
    echo "digest $(jq -r '.from_descriptor_path.descriptor_walk[0].digest' "$HANDS"/bundle.*/b/umoci.json)"
}

take_by_podman() {
  local name=greeting:$2
  case $1 in
    layout | registry)
      name=$(_podman pull --quiet --tls-verify=false "$(transport_of "$@")") || return 1
      ;;
    *) _podman load --quiet --input "$(place_of "$@")" >&2 || return 1 ;;
  esac
  echo "ran $(_podman run --rm --pull=never --network=none --ulimit nofile=1024:4096 \
    --ulimit nproc=4096:4096 "$name")"
  if [ "$1" = docker-archive ]; then
    echo "config sha256:$(_podman image inspect --format '{{.Id}}' "$name")"
  else
    echo "digest $(_podman image inspect --format '{{.Digest}}' "$name")"
  fi
  # Or the next form would find the layers there.
  _podman rmi --force --all >/dev/null
}

_buildah() {
  timeout 60 buildah --root "$BATS_TEST_TMPDIR/buildah/root" --runroot "$BATS_TEST_TMPDIR/buildah/run" \
    --storage-driver vfs "$@"
}

take_by_buildah() {
  local id container
  id=$(_buildah pull --quiet --tls-verify=false "$(transport_of "$@")") &&
    container=$(_buildah from --pull-never "$id") || return 1
  echo "ran $(_buildah run --isolation chroot "$container" -- /bin/busybox cat /usr/share/greeting)"
  if [ "$1" = docker-archive ]; then
    echo "config sha256:$id"
  else
    echo "digest $(_buildah inspect --format '{{.FromImageDigest}}' "$container")"
  fi
  _buildah rm --all >/dev/null
  _buildah rmi --force --all >/dev/null
}

_ctr() {
  timeout 60 ctr --address "$BATS_FILE_TMPDIR/containerd/socket" "$@"
}

take_by_ctr() {
  local name digest
  case $1 in
    layout) tar -C "$(place_of "$@")" -c . | _ctr images import --snapshotter native - ;;
    registry) _ctr images pull --plain-http --snapshotter native "$REGISTRY/greeting:$2" ;;
    *) _ctr images import --snapshotter native "$(place_of "$@")" ;;
  esac >&2 || return 1
  read -r name _ digest _ < <(_ctr images ls | tail -n 1)
  [ "$name" = "$([ "$1" = registry ] && echo "$REGISTRY" || echo docker.io/library)/greeting:$2" ] || return 1
  echo "ran $(_ctr run --rm --snapshotter native --runc-root "$BATS_FILE_TMPDIR/containerd/runc" \
    "$name" "cell-$1-$2" </dev/null)"
  if [ "$1" = docker-archive ]; then
    echo "config $(_ctr content get "$digest" | jq -r .config.digest)"
  else
    echo "digest $digest"
  fi
  _ctr images rm --sync "$name" >/dev/null
}

_docker() {
  timeout 60 docker --host "unix://$BATS_FILE_TMPDIR/docker/socket" "$@"
}

take_by_docker() {
  local name=greeting:$2
  if [ "$1" = registry ]; then
    name=$REGISTRY/$name
    _docker pull --quiet "$name" >&2 || return 1
  else
    _docker load --quiet --input "$(place_of "$@")" >&2 || return 1
  fi
  echo "ran $(_docker run --rm --pull=never --network=none "$name")"
  if [ "$1" = registry ]; then
    echo "digest $(_docker image inspect --format '{{index .RepoDigests 0}}' "$name" | sed 's/.*@//')"
  else
    echo "config $(_docker image inspect --format '{{.Id}}' "$name")"
  fi
  _docker image rm --force "$name" >/dev/null
}

# judge TOOL FORM CODEC FACTS: prints the cell's text if what the tool said is what tarn said.
judge() {
  local said=$FORMS/$3.json ran digest config
  [ "$2" != registry ] || said=$FORMS/$3.published.json
  ran=$(sed -n 's/^ran //p' "$4")
  digest=$(sed -n 's/^digest //p' "$4")
  config=$(sed -n 's/^config //p' "$4")
  [ "$1" = skopeo ] || [ "$ran" = "hello $3" ] || return 1
  if [ -n "$digest" ]; then
    # A tool that runs one platform of an index may name either.
    jq -e --arg digest "$digest" '.digest == $digest or .images[0].manifest == $digest' "$said" >/dev/null
  else
    [ "$config" = "$(jq -r '.images[0].config' "$said")" ]
  fi || return 1
  echo "$([ "$1" = skopeo ] && echo reads || echo runs), $([ -n "$digest" ] && echo digest || echo config)"
}

take_every_cell() {
  local tool=$1 form codec cell why failed=()
  for codec in $ALL_CODECS; do
    for form in $ALL_FORMS; do
      cell=$CELLS/$tool.$form.$codec
      if why=$(cannot "$tool" "$form" "$codec"); then
        echo "no: $why" >"$cell"
      elif [ "$form" = registry ] && [ -z "$REGISTRY" ]; then
        echo "no docker-registry" >"$cell"
      else
        HANDS=$(mktemp -d "$BATS_TEST_TMPDIR/hands.XXXXXX")
        if (cd "$FORMS" && "take_by_$tool" "$form" "$codec") >"$HANDS/facts" 2>"$HANDS/errors" &&
          judge "$tool" "$form" "$codec" "$HANDS/facts" >"$cell"; then
          continue
        fi
        echo "**FAILED**" >"$cell"
        failed+=("$form in $codec:" "$(cat "$HANDS/facts" "$HANDS/errors")")
      fi
    done
  done
  [ ${#failed[@]} -eq 0 ] || fail "$tool does not take" "${failed[@]}"
}

table() {
  local codec form tool
  echo "| layers in | as |$(printf ' %s |' $ALL_TOOLS)"
  echo "| --- | --- |$(printf ' %.0s--- |' $ALL_TOOLS)"
  for codec in $ALL_CODECS; do
    for form in $ALL_FORMS; do
      printf '| %s | %s |' "$codec" "$form"
      for tool in $ALL_TOOLS; do
        printf ' %s |' "$(cat "$CELLS/$tool.$form.$codec" 2>/dev/null || cat "$CELLS/$tool" 2>/dev/null || echo "not tried")"
      done
      echo
    done
  done
  echo
  echo "digest: the tool shows the digest that tarn printed; config: the form or the tool keeps no" \
    "manifest, and the config's digest is the one that tarn printed."
}

_start_daemon() {
  local folder=$BATS_FILE_TMPDIR/$1
  shift
  timeout --kill-after=10 900 "$@" >"$folder/log" 2>&1 3>&- 4>&- </dev/null &
  echo $! >"$folder/pid"
}

# _await FOLDER COMMAND…: until it succeeds, for half a minute at most.
_await() {
  local folder=$1 i
  shift
  for i in $(seq 150); do
    ! "$@" >/dev/null 2>&1 || return 0
    kill -0 "$(cat "$folder/pid")" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$folder/log" >&2
  fail "$(basename "$folder") does not start"
}

start_containerd() {
  local folder=$BATS_FILE_TMPDIR/containerd
  mkdir -p "$folder"
  cat >"$folder/config.toml" <<TOML
version = 2
root = "$folder/root"
state = "$folder/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$folder/socket"
[ttrpc]
address = "$folder/socket.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
path = "$folder/opt"
TOML
  _start_daemon containerd containerd --config "$folder/config.toml"
  _await "$folder" _ctr version
}

start_dockerd() {
  local folder=$BATS_FILE_TMPDIR/docker
  mkdir -p "$folder"
  # No bridge and no firewall rules: they would stay behind. (/etc/docker/key.json does, as dockerd
  # wants it.)
  _start_daemon docker dockerd --data-root "$folder/data" --exec-root "$folder/exec" \
    --pidfile "$folder/dockerd.pid" --host "unix://$folder/socket" --iptables=false --ip6tables=false \
    --bridge=none --storage-driver=vfs --containerd "$BATS_FILE_TMPDIR/containerd/socket"
  _await "$folder" _docker version
}

start_daemons() {
  [ "$(id -u)" -eq 0 ] && command -v containerd ctr runc >/dev/null || return 0
  start_containerd || return 1
  ! command -v dockerd >/dev/null || ! command -v docker >/dev/null || start_dockerd
}

stop_daemons() {
  local name pid i
  for name in docker containerd; do
    pid=$(cat "$BATS_FILE_TMPDIR/$name/pid" 2>/dev/null) || continue
    # `timeout` passes the signal on to the daemon, and ends when that does.
    kill "$pid" 2>/dev/null || continue
    for i in $(seq 150); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  done
}
