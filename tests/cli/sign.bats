# Signatures and provenance: made by tarn, found by digest with curl, checked with openssl alone.

bats_require_minimum_version 1.5.0
load helper
load small_repository
load registries

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  for arch in x86_64 aarch64; do
    echo 'small 1.0-r0' | make_repository repository $arch
  done
  openssl ecparam -name prime256v1 -genkey -out ec.pem
  openssl ecparam -name secp384r1 -genkey -noout -out other.pem
  openssl genrsa -out rsa.pem 2048 2>/dev/null
  openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret -in ec.pem -out encrypted.pem
  for key in ec other rsa; do openssl pkey -in $key.pem -pubout -out $key.pub; done
}

setup() {
  need jq openssl curl docker-registry
  enter_own_folder
  unset TARN_KEY_PASSWORD COSIGN_PASSWORD
  KEYS=$BATS_FILE_TMPDIR
  write_small_recipe base.yaml
}

teardown() { stop_servers; }

# manifest REFERENCE, blob DIGEST: what the registry has of team/base, by curl alone.
manifest() {
  curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    -H 'Accept: application/vnd.oci.image.index.v1+json' "http://$REGISTRY/v2/team/base/manifests/$1"
}
blob() {
  curl -fsS "http://$REGISTRY/v2/team/base/blobs/$1"
}
tag_of() { # tag_of DIGEST SUFFIX
  echo "${1/:/-}$2"
}

# verified KEY DIGEST: the number of signatures of a digest that openssl verifies by KEY and that are
# about this digest.
verified() {
  local digest signature count=0
  manifest "$(tag_of "$2" .sig)" >signatures.json
  while read -r digest signature; do
    blob "$digest" >payload
    [ "sha256:$(sha256sum <payload | cut -d' ' -f1)" = "$digest" ]
    base64 -d <<<"$signature" >signature
    openssl dgst -sha256 -verify "$1" -signature signature payload >/dev/null 2>&1 || continue
    if [ "$(jq -r '.critical.image."docker-manifest-digest"' payload)" = "$2" ]; then
      count=$((count + 1))
    fi
  done < <(jq -r '.layers[]
    | select(.mediaType == "application/vnd.dev.cosign.simplesigning.v1+json")
    | "\(.digest) \(.annotations["dev.cosignproject.cosign/signature"])"' signatures.json)
  echo "$count"
}

find_cosign() {
  local candidate
  for candidate in "${TARN_COSIGN:-}" "$(command -v cosign)"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

@test "what publish attaches and signs is found by digest with curl and verified with openssl" {
  start_registry plain
  "$TARN" publish base.yaml "$REGISTRY/team/base:1" --sbom --provenance --sign-key "$KEYS/ec.pem" \
    --json >pushed.json
  check_json '(.signed | length == 3) and (.provenance | length == 3) and (.sboms | length == 3)' \
    <pushed.json
  index=$(jq -r .digest pushed.json)
  # From here on the digest is all that is known.
  manifest "$index" >index.json
  for digest in "$index" $(jq -r '.manifests[].digest' index.json); do
    [ "$(verified "$KEYS/ec.pub" "$digest")" -eq 1 ]
    [ "$(verified "$KEYS/rsa.pub" "$digest")" -eq 0 ]
    manifest "$(tag_of "$digest" '')" >referrers.json
    for type in application/spdx+json application/vnd.in-toto+json; do
      artifact=$(jq -r --arg type "$type" '.manifests[] | select(.artifactType == $type).digest' \
        referrers.json)
      manifest "$artifact" >artifact.json
      jq -e --arg digest "$digest" '.subject.digest == $digest' artifact.json
      file=$(jq -r '.layers[0].digest' artifact.json)
      blob "$file" >"found.${type##*/}"
      [ "sha256:$(sha256sum <"found.${type##*/}" | cut -d' ' -f1)" = "$file" ]
    done
    check_json '.spdxVersion == "SPDX-2.3"' <found.spdx+json
    jq -e --arg digest "${digest#sha256:}" '.predicateType == "https://slsa.dev/provenance/v1"
      and (.subject | any(.digest.sha256 == $digest))' found.vnd.in-toto+json

    # The signed statement, as DSSE has it: openssl verifies the type with the statement.
    manifest "$(tag_of "$digest" .att)" >attestations.json
    blob "$(jq -r '.layers[0].digest' attestations.json)" >envelope.json
    jq -r .payload envelope.json | base64 -d >statement
    cmp statement found.vnd.in-toto+json
    type=$(jq -r .payloadType envelope.json)
    { printf 'DSSEv1 %s %s %s ' ${#type} "$type" "$(wc -c <statement)"; cat statement; } >encoded
    jq -r '.signatures[0].sig' envelope.json | base64 -d >signature
    openssl dgst -sha256 -verify "$KEYS/ec.pub" -signature signature encoded
  done
}

@test "sign: a second signer is added, the first is kept, and nobody signs twice" {
  start_registry plain
  "$TARN" publish base.yaml "$REGISTRY/team/base:1" >reference
  index=$(cut -d@ -f2 reference)
  [ "$("$TARN" sign "$REGISTRY/team/base:1" --key "$KEYS/ec.pem")" = "$(cat reference)" ]
  "$TARN" sign "$REGISTRY/team/base:1" --key "$KEYS/ec.pem" --json |
    check_json '(.signed | length == 3) and all(.signed[]; .added == false)'
  manifest "$(tag_of "$index" .sig)" >one.json
  "$TARN" sign "docker://$REGISTRY/team/base@$index" --key "$KEYS/rsa.pem" --no-recursive --json |
    check_json '(.signed | length == 1) and .signed[0].added'
  TARN_KEY_PASSWORD=secret "$TARN" sign "$REGISTRY/team/base:1" --key "$KEYS/encrypted.pem" --json |
    check_json 'all(.signed[]; .added == false)'
  manifest "$(tag_of "$index" .sig)" >two.json
  jq -e --slurpfile one one.json '(.layers | length == 2) and .layers[0] == $one[0].layers[0]' two.json
  [ "$(verified "$KEYS/ec.pub" "$index")" -eq 1 ]
  [ "$(verified "$KEYS/rsa.pub" "$index")" -eq 1 ]
  [ "$(verified "$KEYS/other.pub" "$index")" -eq 0 ]
  # A key made for packages signs images, too.
  "$TARN" sign "$REGISTRY/team/base:1" --key "$KEYS/me.rsa"
  [ "$(verified "$(ls "$KEYS"/keys/*.pub)" "$index")" -eq 1 ]
}

@test "verify --key: a wrong key, an unsigned and a changed image are refused" {
  start_registry plain
  name=$REGISTRY/team/base
  "$TARN" publish base.yaml "$name:1" --sign-key "$KEYS/ec.pem" >reference
  "$TARN" verify "$name:1" --key "$KEYS/ec.pub"
  "$TARN" verify "$(cat reference)" --key "$KEYS/ec.pub"
  run "$TARN" verify "$name:1" --key "$KEYS/other.pub"
  assert_status 5
  assert_output 'a signature by another key'

  # The image is changed and pushed under the same tag.
  write_small_recipe changed.yaml 'cmd: /bin/other'
  "$TARN" publish changed.yaml "$name:1" >changed
  run "$TARN" verify "$name:1" --key "$KEYS/ec.pub"
  assert_status 5
  assert_output 'is not signed'
  # The signature of the first is put where that of the second would be.
  first=$(cut -d@ -f2 reference) second=$(cut -d@ -f2 changed)
  [ "$first" != "$second" ]
  manifest "$(tag_of "$first" .sig)" |
    curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @- \
      "http://$REGISTRY/v2/team/base/manifests/$(tag_of "$second" .sig)"
  [ "$(verified "$KEYS/ec.pub" "$second")" -eq 0 ]
  run "$TARN" verify "$name:1" --key "$KEYS/ec.pub"
  assert_status 5
  assert_output "a signature by this key over another image, $first"
  # By its digest the first is what it was.
  "$TARN" verify "$(cat reference)" --key "$KEYS/ec.pub"

  run "$TARN" verify base.yaml --key "$KEYS/ec.pub"
  assert_status 2
  assert_output 'lies in no registry'
  run "$TARN" verify "$name:1" --key "$KEYS/ec.pem"
  assert_status 5
  assert_output 'pubout'
}

@test "sign: keys and names that cannot be used are called by name, before anything is sent" {
  start_registry plain
  "$TARN" publish base.yaml "$REGISTRY/team/base:1"
  run "$TARN" sign "$REGISTRY/team/base:1" --key "$KEYS/ec.pub"
  assert_status 5
  assert_output 'private half'
  run "$TARN" sign "$REGISTRY/team/base:1" --key "$KEYS/encrypted.pem"
  assert_status 5
  assert_output TARN_KEY_PASSWORD
  COSIGN_PASSWORD=wrong run "$TARN" sign "$REGISTRY/team/base:1" --key "$KEYS/encrypted.pem"
  assert_status 5
  assert_output 'password is not'
  printf -- '-----BEGIN %s-----\neyJ\n-----END %s-----\n' 'ENCRYPTED SIGSTORE PRIVATE KEY' \
    'ENCRYPTED SIGSTORE PRIVATE KEY' >cosign.key
  run "$TARN" sign "$REGISTRY/team/base:1" --key cosign.key
  assert_status 5
  assert_output 'import-key-pair'
  run "$TARN" sign "$REGISTRY/team/base:1" --key absent.pem
  assert_status 1
  run "$TARN" sign "$REGISTRY/team/base:absent" --key "$KEYS/ec.pem"
  assert_status 4
  run "$TARN" sign base.yaml --key "$KEYS/ec.pem"
  assert_status 2
  [ "$(requests PUT '[^ ]*[.]sig')" -eq 0 ]
  # A key that cannot be used is found before the build.
  run "$TARN" publish base.yaml "$REGISTRY/team/base:2" --sign-key cosign.key
  assert_status 5
  [ "$(requests PUT '[^ ]*/manifests/2')" -eq 0 ]
}

@test "provenance: what the image was made of, the same each time, and the image is none other" {
  write_small_recipe base.yaml 'files: [{path: /etc/app.conf, source: ./app.conf}]'
  echo 'on = 1' >app.conf
  plain=$("$TARN" build base.yaml base:1 base.tar)
  [ "$plain" = "$("$TARN" build base.yaml base:1 base.tar --provenance)" ]
  [ "$plain" = "$("$TARN" build base.yaml base:1 other.tar --provenance=statements/)" ]
  "$TARN" --cache elsewhere --threads 1 build base.yaml base:1 -o - --provenance=./here.json >again.tar
  "$TARN" build base.yaml base:1 base.tar --provenance --json >built.json
  cmp base.tar.provenance.json statements/other.tar.provenance.json
  cmp base.tar.provenance.json here.json
  check_json '.provenance.dest == "base.tar.provenance.json"' <built.json
  jq -e --arg index "${plain#sha256:}" --arg source "$(sha256sum <app.conf | cut -d' ' -f1)" '
    (.subject | length == 3 and any(.digest.sha256 == $index)) and
    (.predicate.buildDefinition | .externalParameters.architectures == ["aarch64", "x86_64"]
      and (.resolvedDependencies | any(.name == "./app.conf")
        and (map(select(.name == "small-1.0-r0")) | length == 2)))' base.tar.provenance.json
  # The digests are those of the index, of the recipe in the statement, and of apk's identity.
  index=$(sha256sum <"$BATS_FILE_TMPDIR/repository/x86_64/APKINDEX.tar.gz" | cut -d' ' -f1)
  recipe=$(jq -cj .predicate.buildDefinition.externalParameters.recipe.content \
    base.tar.provenance.json | sha256sum | cut -d' ' -f1)
  identity=$(bsdtar -xOf "$BATS_FILE_TMPDIR/repository/x86_64/APKINDEX.tar.gz" APKINDEX |
    sed -n 's/^C:Q1//p' | base64 -d | od -An -tx1 | tr -d ' \n')
  jq -e --arg index "$index" --arg recipe "$recipe" --arg identity "$identity" '
    .predicate.buildDefinition | .externalParameters.recipe.digest.sha256 == $recipe
    and (.resolvedDependencies | any(.digest.sha256 == $index)
      and any(.digest.apkControlSha1 == $identity))' base.tar.provenance.json
  # Another source is another build, and so is another time.
  echo 'on = 0' >app.conf
  "$TARN" build base.yaml base:1 base.tar --provenance
  ! cmp -s base.tar.provenance.json here.json
  SOURCE_DATE_EPOCH=1700000001 "$TARN" build base.yaml base:1 base.tar --provenance \
    --builder-id https://ci.example.org/jobs/7 --annotation a=b
  jq -e '.predicate.runDetails.builder.id == "https://ci.example.org/jobs/7"
    and (.predicate.buildDefinition.externalParameters | .sourceDateEpoch == 1700000001
      and .annotations.a == "b")' base.tar.provenance.json
  run "$TARN" build base.yaml --provenance --builder-id 'no uri'
  assert_status 2
}

@test "provenance: a lock that was used is named by its digest" {
  "$TARN" lock base.yaml
  "$TARN" build base.yaml base:1 base.tar --provenance
  jq -e --arg lock "$(sha256sum <base.lock.json | cut -d' ' -f1)" '.predicate.buildDefinition
    | .internalParameters.lock == {origin: "file", digest: {sha256: $lock}}
    and (.resolvedDependencies | any(.name == "base.lock.json" and .digest.sha256 == $lock))' \
    base.tar.provenance.json
  # Without it the same versions come of the index: the lock is the one that would be written.
  digest=$(jq -r .predicate.buildDefinition.internalParameters.lock.digest.sha256 base.tar.provenance.json)
  "$TARN" build base.yaml base:1 base.tar --provenance --locked=ignore
  jq -e --arg lock "$digest" '.predicate.buildDefinition.internalParameters.lock
    == {origin: "build", digest: {sha256: $lock}}' base.tar.provenance.json
}

@test "cosign verifies signatures and provenance, and refuses another key" {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  cosign=$(find_cosign) || skip "cosign is not installed: set TARN_COSIGN"
  start_registry plain
  for key in ec rsa; do
    "$TARN" publish base.yaml "$REGISTRY/team/base:$key" --provenance --sign-key "$KEYS/$key.pem" >name
    timeout 60 "$cosign" verify --key "$KEYS/$key.pub" --insecure-ignore-tlog --private-infrastructure \
      --allow-insecure-registry --allow-http-registry "$(cat name)"
    timeout 60 "$cosign" verify-attestation --key "$KEYS/$key.pub" --type slsaprovenance1 \
      --insecure-ignore-tlog --private-infrastructure --allow-insecure-registry \
      --allow-http-registry "$(cat name)" >/dev/null
    run ! timeout 60 "$cosign" verify --key "$KEYS/other.pub" --insecure-ignore-tlog \
      --private-infrastructure --allow-insecure-registry --allow-http-registry "$(cat name)"
  done
}
