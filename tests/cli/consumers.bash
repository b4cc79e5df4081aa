# What hands an image to the tools people run images with. Load it from a bats file:
#
#   load consumers
#   run_in_podman image.tar base:latest /bin/echo hi
#   run_in_runc layout /bin/echo hi
#
# The functions print what the command prints on stdout, return its status, keep all their state in
# $BATS_TEST_TMPDIR, and end after a minute at most. A test skips where a tool is missing.

# needs TOOL...: skips the test unless all are there.
needs() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || skip "$tool is not installed"
  done
}

# Whether this process may mount, which running a container as root takes.
needs_root() {
  [ "$(id -u)" = 0 ] || skip "containers are run as root here"
}

# podman with its storage in the test's folder. The limits are given because raising them, podman's
# default, takes a capability that not every root has; runc because crun refuses mixed cgroups.
_podman() {
  timeout 60 podman --root "$BATS_TEST_TMPDIR/podman/root" \
    --runroot "$BATS_TEST_TMPDIR/podman/run" --tmpdir "$BATS_TEST_TMPDIR/podman/tmp" \
    --storage-driver=vfs --cgroup-manager=cgroupfs --events-backend=none --runtime runc "$@"
}

# run_in_podman ARCHIVE NAME [COMMAND...]: loads the archive and runs the image NAME in it; without
# a command what its config says. Fails when the archive does not bring that name.
run_in_podman() {
  local archive=$1 name=$2
  shift 2
  needs podman runc
  needs_root
  _podman load --quiet --input "$archive" >"$BATS_TEST_TMPDIR/podman.log" 2>&1 || {
    cat "$BATS_TEST_TMPDIR/podman.log" >&2
    return 1
  }
  _podman run --rm --pull=never --network=none --ulimit nofile=1024:4096 \
    --ulimit nproc=4096:4096 "$name" "$@"
}

# run_in_runc LAYOUT[:TAG] [COMMAND...]: unpacks the image with umoci and runs it with runc;
# without a command what its config says. The tag is "latest" unless given.
run_in_runc() {
  local image=$1 bundle id
  shift
  needs umoci runc jq
  needs_root
  [[ ${image##*/} == *:* ]] || image=$image:latest
  bundle=$(mktemp -d "$BATS_TEST_TMPDIR/bundle.XXXXXX")
  id=tarn-$$-${bundle##*.}
  timeout 60 umoci unpack --image "$image" "$bundle/b" >"$bundle/log" 2>&1 || {
    cat "$bundle/log" >&2
    return 1
  }
  # No terminal, and no limits or cgroup settings, which not every machine lets root set.
  jq '.process.terminal = false | .process.rlimits = [] | .linux.resources = {}
      | if ($ARGS.positional | length) > 0 then .process.args = $ARGS.positional else . end' \
    "$bundle/b/config.json" --args -- "$@" >"$bundle/config.json" &&
    mv "$bundle/config.json" "$bundle/b/config.json" || return 1
  timeout 60 runc --root "$bundle/runc" run --bundle "$bundle/b" "$id" </dev/null
}

# check_with_skopeo ARCHIVE|LAYOUT: skopeo reads and copies it in every form it has, keeping its
# digest. Prints the digest.
check_with_skopeo() {
  local image=$1 form digest copied copy
  needs skopeo jq
  local -a forms=("oci:$image")
  [ -d "$image" ] || forms=("oci-archive:$image" "docker-archive:$image")
  for form in "${forms[@]}"; do
    copy=$(mktemp -d "$BATS_TEST_TMPDIR/skopeo.XXXXXX")
    timeout 60 skopeo inspect --raw "$form" >"$copy/manifest.json" || return 1
    timeout 60 skopeo --insecure-policy copy --quiet "$form" "oci:$copy/oci:copy" || return 1
    copied=$(jq -r '.manifests[0].digest' "$copy/oci/index.json")
    case $form in
    docker-archive:*) ;; # its manifest is made by skopeo
    *)
      digest=sha256:$(sha256sum <"$copy/manifest.json" | cut -d' ' -f1)
      [ "$digest" = "$copied" ] || {
        echo "$form: copied as $copied, not $digest" >&2
        return 1
      }
      ;;
    esac
  done
  echo "$digest"
}
