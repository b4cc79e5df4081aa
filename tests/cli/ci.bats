# The examples in docs/ci: each command of each job is run, against a repository and a registry of ours.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup() {
  need git jq nginx docker-registry htpasswd cmake skopeo
  python3 -c 'import yaml' 2>/dev/null || skip "python3-yaml is not installed"
  git -C "$project" rev-parse -q --verify HEAD >/dev/null 2>&1 || skip "$project is no clone"
  cd "$BATS_TEST_TMPDIR" || return 1
  unset "${!GITHUB_@}" "${!CI_@}" "${!GIT_@}" PREFIX CI
  export HOME=$PWD/home GIT_CONFIG_NOSYSTEM=1
  mkdir home bin
  make_stand_ins
  make_project
  start_nginx site
  sed -i "s#URL#$NGINX_URL#" work/web.yaml
  tarn -q lock work/web.yaml
  git -C work add .
  git -C work -c user.name=a -c user.email=a@localhost commit -q -m recipe
  git -C work push -q origin main
  htpasswd -Bbn robot secret >passwords
  start_registry registry "$(registry_htpasswd "$PWD/passwords")"
  export TARN_SOURCE=$project TARN_HOME=$PWD/opt/tarn IMAGE=$REGISTRY/team/web
  TARN_REVISION=$(git -C "$project" rev-parse HEAD)
  export TARN_REVISION REGISTRY
}

teardown() {
  stop_all_nginx
  stop_servers
}

# What a job's container has and a test must not do: packages are not installed, tarn is not compiled
# (but its build is configured), and no forge is spoken to.
make_stand_ins() {
  export BIN=$PWD/bin CALLS=$PWD/calls REAL_CMAKE
  REAL_CMAKE=$(command -v cmake)
  printf '#!/bin/sh\necho apt-get "$@" >>"$CALLS"\n' >bin/apt-get
  cat >bin/cmake <<'SH'
#!/bin/sh
echo cmake "$@" >>"$CALLS"
case $1 in
--build) ;;
--install) mkdir -p "$4/bin" && cp "$TARN" "$4/bin/tarn" ;;
*) exec "$REAL_CMAKE" "$@" >>"$CALLS.cmake" ;;
esac
SH
  cat >bin/curl <<'SH'
#!/bin/sh
{ printf curl && printf ' %s' "$@" && echo; } >>"$CALLS"
cat >"$CALLS.body"
echo 201
SH
  chmod +x bin/*
}

# A project with a recipe, its origin, and the repository of its packages.
make_project() {
  make_key
  make_repository site/repo x86_64 <<<"web 1.0-r0"
  git init -q --bare -b main origin.git
  git init -q -b main work
  git -C work remote add origin "$PWD/origin.git"
  mkdir work/keys
  cp me.rsa.pub work/keys/
  cat >work/web.yaml <<'YAML'
contents: {repositories: [URL/repo], keyring: [./keys], packages: [web]}
archs: [x86_64]
YAML
}

# The index changes, but no package that is wanted.
offer_other_package() {
  make_repository site/repo x86_64 <<<"other 1.0-r0"
}

offer_newer_package() {
  make_repository site/repo x86_64 <<<"web 1.1-r0"
}

# The steps of a job, one after another, as a runner does it.
run_job() {
  [ -z "${GITHUB_PATH:-}" ] || : >"$GITHUB_PATH"
  local script path=$BIN:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
  for script in "$PWD/$1"/*.sh; do
    (cd work && PATH=$path bash --noprofile --norc "$script" 2>&1) ||
      fail "$script failed:" "$(cat "$script")" || return
    [ ! -s "${GITHUB_PATH:-}" ] || path=$(cat "$GITHUB_PATH"):$path
  done
}

# What is needed to run and to build is asked for, and the built program is found in later jobs.
check_installation() {
  local library package
  grep -q '^apt-get install .* g++ ' calls && grep -qx 'cmake --preset release -DTARN_TESTS=OFF' calls || fail "$(cat calls)"
  [ -x opt/tarn/bin/tarn ]
  command -v dpkg >/dev/null && command -v readelf >/dev/null || return 0
  for library in $(readelf -d "$TARN" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'); do
    case $library in libc.so* | libm.so* | libstdc++* | libgcc_s* | libz.so* | ld-* | lib?san.so*) continue ;; esac
    package=$(dpkg -S "*/$library" | head -1 | cut -d: -f1)
    grep -q "^apt-get install .* $package\( \|$\)" calls || fail "$library: $package is not installed"
  done
}

check_published() {
  local name
  # Under both names, and what comes back is the one image in it.
  for name in latest "$1"; do
    remote inspect --raw --tls-verify=false --authfile auth.json "docker://$IMAGE:$name" >"$name.json"
  done
  cmp latest.json "$1.json"
  [ "$(tarn -q pull --authfile auth.json "$IMAGE:$1" pulled.tar)" = "$(jq -r '.manifests[0].digest' latest.json)" ]
  tarn sbom --authfile auth.json "$IMAGE:latest" | jq -r '.packages[].name' | grep -qx web
  # Attached to image and index, in both formats.
  [ "$(requests PUT '/v2/team/web/manifests/sha256-[0-9a-f]*')" -ge 2 ]
}

log_in() {
  tarn -q login --authfile auth.json -u robot --password-stdin "$REGISTRY" <<<secret
}

@test "GitHub: the jobs check, compare, publish with SBOMs, and propose newer packages" {
  export SECRETS_GITHUB_TOKEN=secret GITHUB_ACTOR=robot GITHUB_REPOSITORY=team/web GITHUB_SHA=abc123
  export GITHUB_STEP_SUMMARY=$PWD/summary GITHUB_PATH=$PWD/path GITHUB_WORKSPACE=$PWD/work
  export GITHUB_REF_NAME=main GITHUB_API_URL=http://forge.example.org RUNNER_TEMP=$PWD
  "$BATS_TEST_DIRNAME/ci_commands.py" "$project/docs/ci/github.yaml" jobs
  [ "$(ls jobs)" = $'check\npublish\nupdate' ]
  skip_builds() { rm -f jobs/*/03.sh; } # as the cached tarn does

  run_job jobs/check
  check_installation
  grep -q "was it published yet" summary
  skip_builds
  run_job jobs/publish
  grep -q "Published \`$IMAGE@sha256:" summary
  log_in
  check_published abc123

  rm summary
  sed -i 's/^archs/environment: {MODE: new}\narchs/' work/web.yaml
  run ! run_job jobs/check
  assert_output "environment: added"
  tarn -q lock --keep work/web.yaml
  run_job jobs/check
  grep -q 'MODE' summary || fail "$(cat summary)"
  git -C work checkout -q .

  offer_other_package
  run_job jobs/update
  ! grep -q '^curl' calls || fail "there was nothing to propose"
  offer_newer_package
  run_job jobs/update
  grep -q "^curl .*Bearer secret.*http://forge.example.org/repos/team/web/pulls" calls
  jq -e '.head == "newer-packages" and .base == "main" and (.body | contains("1.1-r0"))' calls.body
  git -C origin.git show newer-packages:web.lock.json | grep -q '"1.1-r0"'
  [ "$(git -C origin.git show --stat --format= newer-packages | grep -c '|')" -eq 1 ]
}

@test "GitLab: the jobs check, compare, publish with SBOMs, and propose newer packages" {
  export CI_REGISTRY=$REGISTRY CI_REGISTRY_IMAGE=$IMAGE CI_REGISTRY_USER=robot CI_REGISTRY_PASSWORD=secret
  export CI_PROJECT_DIR=$PWD/work CI_COMMIT_SHA=abc123 CI_DEFAULT_BRANCH=main UPDATE_TOKEN=token
  export CI_SERVER_PROTOCOL=https CI_SERVER_HOST=forge.example.org CI_PROJECT_PATH=team/web
  git config --global "url.$PWD/origin.git.insteadOf" https://tarn:token@forge.example.org/team/web.git
  git -C origin.git config receive.advertisePushOptions true
  "$BATS_TEST_DIRNAME/ci_commands.py" "$project/docs/ci/gitlab.yaml" jobs
  [ "$(ls jobs)" = $'check\npublish\nupdate' ]

  run_job jobs/check
  check_installation
  grep -q "was it published yet" work/diff.md
  run_job jobs/publish
  [ "$(grep -c '^cmake --build' calls)" -eq 1 ] || fail "tarn was built again"
  log_in
  check_published abc123
  run_job jobs/check
  ! grep -q "published yet" work/diff.md || fail "$(cat work/diff.md)"

  offer_other_package
  run_job jobs/update
  ! git -C origin.git rev-parse -q --verify newer-packages || fail "there was nothing to propose"
  offer_newer_package
  run_job jobs/update
  git -C origin.git show newer-packages:web.lock.json | grep -q '"1.1-r0"'
}

@test "docs/ci.md shows the files as they are" {
  for name in github gitlab; do
    [ -e "$project/docs/ci/$name.yaml" ]
    grep -qF "(ci/$name.yaml)" "$project/docs/ci.md"
  done
}
