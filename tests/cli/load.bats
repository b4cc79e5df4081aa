# Images handed to the tools that run them.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load consumers

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  make_tree files
  for arch in x86_64 aarch64; do
    mkdir -p "repository/$arch"
    "$TARN" -q apk pack files --name hello --version 1-r0 --arch "$arch" -d "repository/$arch" >/dev/null
    index_folder "repository/$arch"
  done
  cat >hello.yaml <<YAML
contents:
  repositories: ["$PWD/repository"]
  keyring: ["$PWD/keys"]
  packages: [hello]
archs: [x86_64, aarch64]
YAML
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_FILE_TMPDIR/cache
  recipe=$BATS_FILE_TMPDIR/hello.yaml
  mkdir bin
}

# stand_in NAME [STATUS OF `info` AND `version`]: a tool that keeps what it is called with, and given.
stand_in() {
  cat >"bin/$1" <<SH
#!/bin/sh
PATH=/usr/bin:/bin
echo "$1 \$*" >>"$PWD/calls"
case "\$*" in *info|*version) echo "no daemon for $1" >&2; exit ${2:-0} ;; esac
case "\$*" in
  *image-archive*) for word; do [ ! -f "\$word" ] || cp "\$word" "$PWD/$1.tar"; done ;;
  *) cat >"$PWD/$1.tar" ;;
esac
echo "taken in"
echo "a warning" >&2
SH
  chmod +x "bin/$1"
}

# with_tools COMMAND...: finds the tools made here before any other.
with_tools() { PATH=$PWD/bin "$@"; }

@test "podman takes the image, and runs under the name it was given" {
  needs podman
  needs_root
  # Runs the program's podman with the storage of the test.
  flags=(--root "$PWD/podman/root" --runroot "$PWD/podman/run" --tmpdir "$PWD/podman/tmp"
    --storage-driver=vfs --cgroup-manager=cgroupfs --events-backend=none --runtime runc)
  digest=$("$TARN" load "$recipe" team/hello:1 --into podman --arch host -- "${flags[@]}")
  [[ $digest == sha256:* ]]
  run -0 podman "${flags[@]}" image inspect --format '{{.Os}} {{index .RepoTags 0}}' team/hello:1
  [[ $output == *"linux docker.io/team/hello:1" ]]
  # Without a tag flags may follow all the same.
  "$TARN" load "$recipe" --into podman -- "${flags[@]}"
  run -0 podman "${flags[@]}" image exists hello:latest
}

@test "each tool gets the same archive by its own command" {
  for tool in docker podman ctr kind; do stand_in $tool; done
  with_tools "$TARN" build "$recipe" team/hello:1 --arch host expected.tar
  for into in docker podman containerd kind:testing; do
    with_tools "$TARN" load "$recipe" team/hello:1 --into $into -- --flag value
  done
  for tool in docker podman ctr kind; do cmp expected.tar $tool.tar; done
  grep -qx 'docker --flag value load' calls
  grep -qx 'podman --flag value load' calls
  grep -qx 'ctr --flag value images import -' calls
  grep -qx 'kind load image-archive /.*/image.tar --name testing --flag value' calls
  stand_in nerdctl
  with_tools "$TARN" load "$recipe" --into containerd
  grep -qx 'nerdctl load' calls
  assert_no_leftovers "$TARN_CACHE"
}

@test "without --into the first that answers is taken" {
  # The programs of the machine are not meant.
  stand_in docker 1
  stand_in podman 1
  stand_in nerdctl
  run --separate-stderr -0 with_tools "$TARN" load "$recipe"
  [[ $stderr == *"loaded hello:latest into nerdctl"* ]]
  [[ $stderr == *"taken in"* ]]
  [[ $stderr == *"a warning"* ]]
  [ -s nerdctl.tar ]
  [ ! -e docker.tar ]
  stand_in nerdctl 1
  run -1 with_tools "$TARN" load "$recipe"
  assert_output "no tool that runs containers answers"
  assert_output "no daemon for docker"
  assert_output "no daemon for nerdctl"
}

@test "what the tool says when it refuses is shown" {
  printf '#!/bin/sh\n/bin/cat >/dev/null\necho "no space for this" >&2\nexit 3\n' >bin/docker
  chmod +x bin/docker
  run -1 with_tools "$TARN" load "$recipe" --into docker
  assert_output "docker failed with status 3"
  assert_output "no space for this"
  # One that does not even read.
  printf '#!/bin/sh\necho "not now" >&2\nexit 4\n' >bin/docker
  run -1 with_tools "$TARN" load "$recipe" --into docker
  assert_output "not now"
}

@test "wrong names are refused before anything is built" {
  run -2 with_tools "$TARN" load "$recipe" --into lxd
  assert_output "docker, podman, containerd, kind or kind:CLUSTER"
  run -2 with_tools "$TARN" load "$recipe" --into podman:x
  if ! command -v kind >/dev/null; then
    run -1 with_tools "$TARN" load "$recipe" --into kind
    assert_output "kind is not installed"
  fi
  run -2 with_tools "$TARN" load "$recipe" UPPER --into docker
}

@test "what runs here is loaded, unless told otherwise" {
  stand_in docker
  platforms() { bsdtar -xOf docker.tar manifest.json | jq -r '.[].RepoTags[]'; }
  with_tools "$TARN" load "$recipe" --into docker
  [ "$(platforms)" = hello:latest ]
  with_tools "$TARN" load "$recipe" --into docker --arch x86_64,aarch64
  [ "$(platforms | sort | tr '\n' ' ')" = "hello:latest-amd64 hello:latest-arm64 " ]
}
