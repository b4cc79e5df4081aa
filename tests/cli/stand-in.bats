# The stand-in mirror: Debian packages as a signed apk repository.

bats_require_minimum_version 1.5.0

load helper

@test "Debian's versions keep their order as apk's" {
  command -v dpkg >/dev/null || skip "needs dpkg"
  python3 -B - "$project/tests/stand-in" <<'EOF'
import re, subprocess, sys
sys.path.insert(0, sys.argv[1])
from versions import apk_version, compare_apk, compare_debian
# Each line in ascending order.
table = """
1.0~alpha1-1 1.0~beta1-1 1.0~rc1-1 1.0~rc2-1 1.0-1 1.0-1+b1 1.0-1+deb12u1 1.0-1+deb12u2 1.0-1.1 1.0-2
2.36-9~deb12u1 2.36-9 2.36-9+deb12u4 2.36-9+deb12u10 2.36-10 2.36.1-1 2.37-1
1.1.1-1 1.1.1k-1 1.1.1n-0+deb11u3 1.1.2-1
7.88.1-1 7.88.1+dfsg1-1 7.88.1+dfsg2-1 7.88.2-1
1:2.39.5-0 1:2.39.5-0+deb12u1 1:2.39.5-0+deb12u2 1:2.40-1
20230101 20230311 20230311+deb12u1 20240203
"""
valid = re.compile(r"\d+(\.\d+)*[a-z]?(_(alpha|beta|pre|rc|p)\d*)*(-r\d+)?")
for line in filter(None, table.splitlines()):
    versions = line.split()
    for left, right in zip(versions, versions[1:]):
        subprocess.run(["dpkg", "--compare-versions", left, "lt", right], check=True)
        assert compare_debian(left, right) == -1, (left, right)
        assert compare_apk(apk_version(left), apk_version(right)) == -1, (left, right)
        assert valid.fullmatch(apk_version(left)), apk_version(left)
assert apk_version("1:1.35.0-4+deb12u1+b1") == "1.35.0-r4001201"
EOF
}

@test "make-mirror makes a repository that verifies, and again changes nothing" {
  curl -fsSI --max-time 20 -o /dev/null \
    "${TARN_STAND_IN_ARCHIVE:-http://deb.debian.org}/debian/dists/bookworm/InRelease" ||
    skip "Debian's archive does not answer"
  mirror=$BATS_TEST_TMPDIR/mirror
  run "$project/tests/stand-in/make-mirror" "$mirror" busybox-static
  assert_status 0
  cd "$mirror/main/x86_64"
  run tarn apk verify --keys-dir "$mirror/keys" -- *
  assert_status 0
  names=$(tarn apk list --json APKINDEX.tar.gz | jq -r '.[0].packages[].name' | xargs)
  [ "$names" = "busybox-static stand-in-baselayout stand-in-binsh" ]
  tarn apk list busybox-static-*.apk | grep -q ' etc/busybox-paths.d/busybox$'
  tarn apk list stand-in-baselayout-*.apk | grep -q '^drwxrwxrwt root:root .* tmp$'
  tarn apk list stand-in-baselayout-*.apk | grep -q '^-rw-r----- root:shadow .* etc/shadow$'
  sums=$(sha256sum -- *)
  run "$project/tests/stand-in/make-mirror" "$mirror" busybox-static
  assert_status 0
  assert_output '0 to make'
  [ "$(sha256sum -- *)" = "$sums" ]
}
