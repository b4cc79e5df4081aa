# tarn import: Dockerfiles as recipes.

bats_require_minimum_version 1.5.0

load helper

setup() {
  cd "$BATS_TEST_TMPDIR"
  dockerfiles=$BATS_TEST_DIRNAME/../data/dockerfiles
}

@test "each Dockerfile gives the recipe that lies beside it, with reasons for what is left out" {
  local file name
  for file in "$dockerfiles"/*.Dockerfile; do
    name=${file##*/}
    run --separate-stderr tarn import "$file"
    assert_status 0
    diff -u "${file%.Dockerfile}.yaml" <(printf '%s\n' "$output") || fail "$name"
    [ "$(grep -c '^# Left out:' <<<"$output")" -eq "$(grep -c ': left out: ' <<<"$stderr")" ] ||
      fail "$name" "$stderr"
    cp "$file" . && tarn import "$name" -o "$name.yaml" 2>/dev/null
    tarn config "$name.yaml" >/dev/null
  done
}

# The packages of v3.19, and those of its boot media with what they hold.
use_local_packages() {
  sed -i -E "s|https://dl-cdn.alpinelinux.org/alpine/[^/]*/main|$SHARED/mirror/alpine/v3.19/main|;
             s|https://dl-cdn.alpinelinux.org/alpine/[^/]*/community|$SHARED/mirror/alpine/v3.19/community|" "$1"
}

@test "what has only packages and settings has a plan" {
  SHARED=${TARN_SHARED:-$BATS_TEST_DIRNAME/../../../shared}
  [ -e "$SHARED/mirror/alpine/v3.19/main/x86_64/APKINDEX.tar.gz" ] || skip "no packages at $SHARED"
  local name
  for name in apache-bench cron git-plain heredoc mariadb nginx node php-fpm python virtual; do
    cp "$dockerfiles/$name.yaml" "$name.yaml"
    [ "$(grep -c '^# Left out' "$name.yaml")" -eq 0 ] || fail "$name"
    use_local_packages "$name.yaml"
    run tarn --cache cache plan --json --arch x86_64 -k "$SHARED/keys" "$name.yaml"
    assert_status 0
  done
}

@test "an imported recipe builds the image that its Dockerfile describes" {
  SHARED=${TARN_SHARED:-$BATS_TEST_DIRNAME/../../../shared}
  boot=$SHARED/mirror/alpine/v3.19.1-bootmedia
  [ -d "$boot" ] || skip "no packages at $SHARED"
  cat >Dockerfile <<'EOF'
FROM alpine:3.19
RUN apk add --no-cache openssl && adduser -D -u 500 web && mkdir -p /srv/www && \
    chown web:web /srv/www && echo hello > /srv/www/index.html
COPY --chown=500:500 data /srv/data/
ENV WHO="the web"
WORKDIR /srv
USER web
EXPOSE 80
CMD ["busybox", "httpd", "-f"]
EOF
  mkdir data && echo one >data/one
  run --separate-stderr tarn import Dockerfile -o image.yaml
  assert_status 0
  [ -z "$output" ]
  sed -i -E "s|https://dl-cdn.*/main|$boot|; /dl-cdn/d" image.yaml
  tarn --cache cache build --arch x86_64 -k "$SHARED/keys" image.yaml web:latest layout/
  layer=$(python3 - <<'EOF'
import json, pathlib
blobs = pathlib.Path("layout/blobs/sha256")
read = lambda digest: json.loads((blobs / digest.split(":")[1]).read_text())
manifest = json.loads(pathlib.Path("layout/index.json").read_text())["manifests"][0]
while "manifests" in (document := read(manifest["digest"])):
    manifest = document["manifests"][0]
config = read(document["config"]["digest"])["config"]
assert config["User"] in ("web", "500", "500:500", "web:web"), config
assert config["WorkingDir"] == "/srv" and "80/tcp" in config["ExposedPorts"], config
assert config["Cmd"] == ["busybox", "httpd", "-f"] and "WHO=the web" in config["Env"], config
print(blobs / document["layers"][0]["digest"].split(":")[1])
EOF
)
  tar --numeric-owner -tvzf "$layer" >tree
  grep -qE '^drwxr-xr-x 500/500 .* srv/www/$' tree || fail "$(grep srv tree)"
  grep -qE '^-rw-r--r-- 500/500 .* srv/data/one$' tree || fail "$(grep srv tree)"
  [ "$(tar -xzOf "$layer" srv/www/index.html)" = hello ]
  tar -xzOf "$layer" etc/passwd | grep -q '^web:x:500:500:'
}

@test "--strict fails and still writes; --target and --build-arg choose" {
  run tarn import "$dockerfiles/npm.Dockerfile" --strict -o npm.yaml
  assert_status 1
  assert_output "2 of the Dockerfile's commands were left out"
  [ -s npm.yaml ]
  run --separate-stderr tarn import "$dockerfiles/multi-stage.Dockerfile" --target base --json
  assert_status 0
  check_json '.left_out == [] and (.recipe | contains("ca-certificates"))' <<<"$output"
  run tarn import "$dockerfiles/multi-stage.Dockerfile" --target none
  assert_status 2
  assert_output "no stage 'none'"
  run --separate-stderr tarn import "$dockerfiles/php-fpm.Dockerfile" --build-arg ALPINE=3.20
  assert_output "alpine/v3.20/main"
  run tarn import "$dockerfiles/php-fpm.Dockerfile" --build-arg ALPINE
  assert_status 2
}

@test "what is no Dockerfile is an error that says where" {
  echo 'packages: [nginx]' >recipe.yaml
  run tarn import recipe.yaml
  assert_status 2
  assert_output "line 1: 'PACKAGES:' is no instruction of a Dockerfile"
  run tarn import nothing
  assert_status 1
  assert_output "nothing"
}
