# tarn apk: from a folder to a signed repository and back.

bats_require_minimum_version 1.5.0

load helper

setup_file() {
  cd "$BATS_FILE_TMPDIR"
  "$TARN" apk keygen -o me --bits 2048
  mkdir keys other-keys
  cp me.rsa.pub keys/
  "$TARN" apk keygen -o other --bits 2048
  cp other.rsa.pub other-keys/
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  keys=$BATS_FILE_TMPDIR/keys
  key=$BATS_FILE_TMPDIR/me.rsa
  make_tree tree
}

pack() {
  tarn apk pack tree --name hello --version 1.2.3-r4 --arch x86_64 --build-time 1700000000 "$@"
}

# Checks a package with nothing of tarn's: the three members, the data hash, the signature.
check_package() {
  python3 - "$1" "$2" <<'EOF'
import hashlib, subprocess, sys, tarfile, io, zlib, tempfile
rest = open(sys.argv[1], "rb").read()
members = []
while rest:
    inflate = zlib.decompressobj(31)
    data = inflate.decompress(rest)
    assert inflate.eof, "a member is cut short"
    members.append((rest[:len(rest) - len(inflate.unused_data)], data))
    rest = inflate.unused_data
assert len(members) == 3, f"{len(members)} members"
(_, sign), (control, control_tar), (data, data_tar) = members
for tar in (sign, control_tar):
    assert len(tar) % 512 == 0 and tar[-512:] != bytes(512), "end-of-archive blocks"
assert data_tar[-1024:] == bytes(1024), "no end-of-archive blocks"
info = tarfile.open(fileobj=io.BytesIO(control_tar + bytes(1024))).extractfile(".PKGINFO").read().decode()
assert f"datahash = {hashlib.sha256(data).hexdigest()}\n" in info, info
archive = tarfile.open(fileobj=io.BytesIO(sign + bytes(1024)))
(member,) = archive.getmembers()
assert member.name == ".SIGN.RSA256.me.rsa.pub", member.name
with tempfile.NamedTemporaryFile() as signature, tempfile.NamedTemporaryFile() as signed:
    signature.write(archive.extractfile(member).read()); signature.flush()
    signed.write(control); signed.flush()
    subprocess.run(["openssl", "dgst", "-sha256", "-verify", sys.argv[2], "-signature",
                    signature.name, signed.name], check=True, stdout=subprocess.DEVNULL)
seen = set()
for entry in tarfile.open(fileobj=io.BytesIO(data_tar)):
    parent = entry.name.rpartition("/")[0]
    assert not parent or parent in seen, f"{entry.name} comes before its parent"
    if entry.isdir(): seen.add(entry.name)
    checksum = entry.pax_headers.get("APK-TOOLS.checksum.SHA1")
    if entry.isreg():
        content = tarfile.open(fileobj=io.BytesIO(data_tar)).extractfile(entry.name).read()
        assert checksum == hashlib.sha1(content).hexdigest(), entry.name
    elif entry.issym():
        assert checksum == hashlib.sha1(entry.linkname.encode()).hexdigest(), entry.name
    else:
        assert checksum is None, entry.name
EOF
}

@test "keygen, pack, index, sign, verify, info, list, extract: a round trip" {
  printf '#!/bin/sh\nexit 0\n' >setup.sh
  mkdir -p repo/x86_64
  run pack --key "$key" -d repo/x86_64 --description 'says hello' --license MIT \
    --depend 'so:libc.so>=2' --depend '!goodbye' --provide cmd:hello=1.2.3-r4 \
    --script post-install=setup.sh --trigger '/usr/share/*' \
    --owner 'var/lib/hello*=hello:hello' --mode 'etc/hello/hello.conf=0600'
  assert_status 0
  [ "$output" = repo/x86_64/hello-1.2.3-r4.apk ]
  check_package "$output" "$keys/me.rsa.pub"

  run tarn apk index repo/x86_64 --keys-dir "$keys" --key "$key" --description test \
    -o repo/x86_64/APKINDEX.tar.gz
  assert_status 0

  cd repo/x86_64
  run tarn apk verify hello-1.2.3-r4.apk APKINDEX.tar.gz --keys-dir "$keys"
  assert_status 0
  [ "${lines[0]}" = "hello-1.2.3-r4.apk: ok (signed by me.rsa.pub)" ]
  [ "${lines[1]}" = "APKINDEX.tar.gz: ok (signed by me.rsa.pub)" ]

  run tarn apk info hello-1.2.3-r4.apk
  assert_status 0
  for line in 'name: hello' 'version: 1.2.3-r4' 'arch: x86_64' 'description: says hello' \
    'depends: so:libc.so>=2' 'depends: !goodbye' 'provides: cmd:hello=1.2.3-r4' \
    'triggers: /usr/share/*' 'scripts: post-install' 'build_time: 1700000000' \
    'signatures: .SIGN.RSA256.me.rsa.pub'; do
    assert_output "$line"
  done
  run tarn apk info --json APKINDEX.tar.gz
  [ "$(jq -c '.[0] | [.kind, .description, .packages]' <<<"$output")" = '["index","test",1]' ]

  run tarn apk list hello-1.2.3-r4.apk
  assert_status 0
  assert_output '-rw------- root:root               15 etc/hello/hello.conf'
  assert_output '-rwxr-xr-x root:root               21 usr/bin/hello'
  assert_output 'lrwxrwxrwx root:root                0 usr/bin/hi -> hello'
  assert_output 'usr/bin/salute => usr/bin/hello'
  assert_output 'prw------- hello:hello'
  run tarn apk list --json APKINDEX.tar.gz
  [ "$(jq -r '.[0].packages[0].depends | join(" ")' <<<"$output")" = 'so:libc.so>=2 !goodbye' ]

  run tarn apk extract hello-1.2.3-r4.apk -d "$BATS_TEST_TMPDIR/out" --scripts
  assert_status 0
  cd "$BATS_TEST_TMPDIR"
  [ "$(stat -c '%a %Y' out/etc/hello/hello.conf)" = '600 1700000000' ]
  [ "$(stat -c %a out/var/lib/hello)" = 700 ]
  [ out/usr/bin/hello -ef out/usr/bin/salute ]
  [ "$(readlink out/usr/bin/hi)" = hello ]
  [ -p out/var/lib/hello/pipe ]
  cmp out/.post-install setup.sh
  cmp out/usr/bin/hello tree/usr/bin/hello
}

@test "pack gives the same bytes whatever surrounds it" {
  SOURCE_DATE_EPOCH=1700000000 pack --key "$key" -o one.apk
  cp -a tree "$BATS_TEST_TMPDIR/copy"
  find copy -exec touch -h -d @1234567890 {} +
  mkdir elsewhere
  cd elsewhere
  umask 077
  TZ=Asia/Tokyo LC_ALL=C SOURCE_DATE_EPOCH=1700000000 "$TARN" apk pack ../copy --name hello \
    --version 1.2.3-r4 --arch x86_64 --key "$key" -o ../two.apk --threads 1
  cmp ../one.apk ../two.apk
  assert_no_leftovers "$BATS_TEST_TMPDIR"
}

@test "metadata may come from a file, and the command line counts" {
  mkdir meta
  printf '#!/bin/sh\n' >meta/setup.sh
  cat >meta/hello.yaml <<'EOF'
name: hello
version: 1.2.3-r4
arch: x86_64
description: from the file
build-time: 1700000000
depends: [busybox, "libc>=2"]
scripts:
  post-install: setup.sh
owners:
  "var/lib/hello*": hello:33
modes:
  usr/bin/hello: "0700"
EOF
  tarn apk pack tree --metadata meta/hello.yaml --description 'from the line' --depend more -o a.apk
  run tarn apk info --json a.apk
  [ "$(jq -r '.[0].description' <<<"$output")" = 'from the line' ]
  [ "$(jq -c '.[0].depends' <<<"$output")" = '["busybox","libc>=2","more"]' ]
  [ "$(jq -c '.[0].scripts' <<<"$output")" = '["post-install"]' ]
  run tarn apk list a.apk
  assert_output 'drwx------ hello:33'
  assert_output '-rwx------ root:root'

  printf 'name: hello\nversion: 1\ndepend: x\n' >bad.yaml
  run tarn apk pack tree --metadata bad.yaml -o b.apk
  assert_status 2
  assert_output "bad.yaml:3:1: unknown key 'depend'"
  [ ! -e b.apk ]
}

@test "a tar archive is packed with the owners, modes and devices it states" {
  python3 - <<'EOF'
import tarfile, io
with tarfile.open("payload.tar", "w", format=tarfile.GNU_FORMAT) as tar:
    def add(name, type=tarfile.REGTYPE, mode=0o644, content=b"", **more):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode, entry.size = type, mode, len(content)
        for key, value in more.items(): setattr(entry, key, value)
        tar.addfile(entry, io.BytesIO(content))
    add("./", tarfile.DIRTYPE, 0o755)
    add("./dev", tarfile.DIRTYPE, 0o755)
    add("./dev/null", tarfile.CHRTYPE, 0o666, devmajor=1, devminor=3)
    add("./usr/bin/" + "long-" * 30, content=b"long")
    add("./usr/bin/su", mode=0o4755, content=b"su", uname="root", gname="shadow", gid=42)
    add("./usr/bin/alias", tarfile.LNKTYPE, linkname="./usr/bin/su")
EOF
  tarn apk pack --tar payload.tar --name t --version 1 -o t.apk
  run tarn apk list t.apk
  assert_status 0
  assert_output 'crw-rw-rw-'
  assert_output '1,3 dev/null'
  assert_output '-rwsr-xr-x root:shadow'
  assert_output 'usr/bin/su => usr/bin/alias'
  assert_output "usr/bin/$(printf 'long-%.0s' $(seq 30))"
}

@test "sign replaces a signature in place, with every algorithm" {
  pack -o p.apk
  tarn apk index p.apk --allow-untrusted -o APKINDEX.tar.gz
  run tarn apk verify p.apk APKINDEX.tar.gz --keys-dir "$keys"
  assert_status 5
  for algorithm in rsa rsa256 rsa512; do
    tarn apk sign -q --key "$key" --algorithm "$algorithm" p.apk APKINDEX.tar.gz
    run tarn apk verify p.apk APKINDEX.tar.gz --keys-dir "$keys"
    assert_status 0
    [ "$(tarn apk info --json p.apk APKINDEX.tar.gz | jq '[.[].signatures[]] | length')" = 2 ]
  done
  run tarn apk sign --key missing.rsa p.apk
  assert_status 1
}

@test "verify tells what is wrong, checks every file, and ends with 5" {
  pack --key "$key" -o good.apk
  python3 - <<'EOF'
data = bytearray(open("good.apk", "rb").read())
data[-30] ^= 1
open("damaged.apk", "wb").write(data)
open("short.apk", "wb").write(data[:-40])
EOF
  run tarn apk verify damaged.apk short.apk good.apk --keys-dir "$keys"
  assert_status 5
  assert_output 'damaged.apk'
  assert_output 'short.apk'
  assert_output 'expected: '
  assert_output 'found: '
  assert_output 'good.apk: ok (signed by me.rsa.pub)'
  assert_output 'error: 2 of 3 files did not verify'

  run tarn apk verify good.apk --keys-dir "$BATS_FILE_TMPDIR/other-keys"
  assert_status 5
  assert_output 'me.rsa.pub'
  run tarn apk verify good.apk
  assert_status 5
  assert_output '--keys-dir'
  run tarn apk verify good.apk --allow-untrusted
  assert_status 0
  assert_output 'good.apk: ok (signature not checked)'
  run tarn apk verify missing.apk --allow-untrusted
  assert_status 1
}

@test "flipping any one byte of a package is noticed" {
  mkdir -p few/etc
  echo x >few/etc/x
  tarn apk pack few --name few --version 1 --key "$key" -o few.apk
  python3 - "$keys" <<'EOF'
import os, subprocess, sys
good = open("few.apk", "rb").read()
os.mkdir("flipped")
names = []
for place in range(len(good)):
    data = bytearray(good)
    data[place] ^= 1 << (place % 8)
    name = f"flipped/{place:05}.apk"
    open(name, "wb").write(data)
    names.append(name)
run = subprocess.run([os.environ["TARN"], "apk", "verify", "--keys-dir", sys.argv[1], *names],
                     capture_output=True, text=True)
accepted = [line for line in run.stdout.splitlines() if ": ok" in line]
# Of the signature member's gzip header the time, flags and system say nothing about the package.
accepted = [line for line in accepted if int(line[8:13]) not in (4, 5, 6, 7, 8, 9)]
assert not accepted, accepted
assert run.returncode == 5, run
EOF
}

@test "index refuses what it cannot trust and warns of what apk would not find" {
  pack --key "$BATS_FILE_TMPDIR/other.rsa" -o wrong-name.apk
  run tarn apk index wrong-name.apk --keys-dir "$keys"
  assert_status 5
  assert_output 'other.rsa.pub'
  [ ! -e APKINDEX.tar.gz ]
  run tarn apk index wrong-name.apk --allow-untrusted --rewrite-arch aarch64
  assert_status 0
  assert_output 'warning: wrong-name.apk: apk will look for it as hello-1.2.3-r4.apk'
  [ "$(tarn apk list --json APKINDEX.tar.gz | jq -r '.[0].packages[0].arch')" = aarch64 ]
  cp wrong-name.apk again.apk
  run tarn apk index wrong-name.apk again.apk --allow-untrusted
  assert_status 2
  assert_output 'two packages are hello-1.2.3-r4'
}

@test "extract stays in its folder and overwrites nothing unasked" {
  pack -o p.apk
  mkdir out outside
  ln -s ../outside out/etc
  ln -s "$PWD/outside" out/var
  run tarn apk extract p.apk -d out
  [ -z "$(ls outside)" ] || fail "written outside"
  rm -rf out && mkdir -p out/usr/bin out/real-etc
  ln -s /real-etc out/etc
  run tarn apk extract p.apk -d out
  assert_status 0
  [ -f out/real-etc/hello/hello.conf ]

  echo mine >out/usr/bin/hello
  before=$(stat -c %i out/real-etc/hello/hello.conf)
  run tarn apk extract p.apk -d out
  assert_status 2
  assert_output 'exists: usr/bin/hello'
  [ "$(cat out/usr/bin/hello)" = mine ]
  [ "$(stat -c %i out/real-etc/hello/hello.conf)" = "$before" ]
  run tarn apk extract p.apk -d out --force
  assert_status 0
  cmp out/usr/bin/hello tree/usr/bin/hello
}

@test "wrong usage ends with 2, says what is wrong, and leaves nothing behind" {
  cases=(
    "--name 'a b' --version 1-r0|'a b' is not a package name"
    "--name a --version 1-rc|'1-rc' is not a version"
    "--name a --version 1 --depend 'x>=bad version'|bad version"
    "--name a --version 1 --depend x@tag|repository tag"
    "--name a --version 1 --trigger usr/bin|not an absolute path"
    "--name a --version 1 --script begin=x|there is no script 'begin'"
    "--name a --version 1 --owner 'nothing/*=a:b'|no path in the package matches"
    "--name a --version 1 --mode 'usr=9'|not an octal mode"
    "--name a --version 1 --level 13|--level"
    "--name a --version 1 --build-time tomorrow|is not a number"
    "--name a --version 1 --description \$'two\nlines'|line break"
    "--name a --version 1 --key-name x|--key"
  )
  for one in "${cases[@]}"; do
    run bash -c "'$TARN' apk pack tree -o out.apk ${one%|*}"
    assert_status 2
    assert_output "${one#*|}"
    [ ! -e out.apk ]
  done
  run env SOURCE_DATE_EPOCH=now "$TARN" apk pack tree --name a --version 1 -o out.apk
  assert_status 2
  run tarn apk pack tree --tar x.tar --name a --version 1 -o out.apk
  assert_status 2
  run tarn apk pack tree --name a --version 1
  assert_status 2
  mkdir tree/.git
  run tarn apk pack tree --name a --version 1 -o out.apk
  assert_status 2
  assert_output "'.git' cannot be packed"
  run tarn apk info tree/usr/bin/hello
  assert_status 1
  assert_no_leftovers .
}

@test "an output that cannot be written is an error" {
  for output in missing/p.apk tree /proc/p.apk; do
    run pack -o "$output"
    assert_status 1
    assert_output "$output"
  done
  [ -d tree ]
  pack -o p.apk
  run tarn apk index p.apk --allow-untrusted -o /proc/APKINDEX.tar.gz
  assert_status 1
  assert_no_leftovers .
}

@test "results that cannot be written are an error" {
  [ -c /dev/full ] || skip "no /dev/full"
  run bash -c "'$TARN' apk info '$(pack -o p.apk)' >/dev/full"
  assert_status 1
  assert_output 'standard output cannot be written'
}

@test "keygen makes a secret key and overwrites none" {
  run tarn apk keygen -o new --bits 2048
  assert_status 0
  [ "$output" = $'new.rsa\nnew.rsa.pub' ]
  [ "$(stat -c %a new.rsa)" = 600 ]
  openssl rsa -in new.rsa -pubout 2>/dev/null | cmp - new.rsa.pub
  cp new.rsa before
  run tarn apk keygen -o new --bits 2048
  assert_status 2
  assert_output 'new.rsa exists already'
  cmp new.rsa before
  run tarn apk keygen -o weak --bits 1024
  assert_status 2
  [ ! -e weak.rsa ]
}

@test "every command explains itself" {
  for command in pack index sign keygen info list verify extract; do
    run tarn apk "$command" --help
    assert_status 0
    assert_output 'Examples:'
    assert_output "tarn apk $command"
  done
}

@test "a signal ends the run with 130 and leaves nothing behind" {
  mkfifo tar
  # Ends after the first signal, once what it waits for is there.
  "$TARN" apk pack --tar tar --name a --version 1 -o a.apk 2>message 3>&- &
  pid=$!
  exec 4>tar
  sleep 0.3
  kill -TERM "$pid"
  sleep 0.3
  tar -cf - tree >&4
  exec 4>&-
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 130 ]
  [ "$(cat message)" = "error: interrupted" ]
  # A second signal does not wait.
  "$TARN" apk pack --tar tar --name a --version 1 -o a.apk 3>&- &
  pid=$!
  exec 4>tar
  sleep 0.3
  kill -TERM "$pid"
  sleep 0.3
  kill -TERM "$pid"
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 130 ]
  exec 4>&-
  [ ! -e a.apk ]
  assert_no_leftovers .
}
