# The page of `tarn size --html` in a browser.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup() {
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  need chromedriver chromium python3 jq
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
  make_key
}

pack() { # pack NAME SIZE PATH...: a package of files that cannot be compressed
  local name=$1 size=$2 path
  shift 2
  for path; do
    mkdir -p "files-$name/${path%/*}"
    head -c "$size" /dev/urandom >"files-$name/$path"
  done
  tarn -q apk pack "files-$name" --name "$name" --version 1 --arch x86_64 --build-time 1700000000 \
    -d repository/x86_64 >/dev/null
}

write_image() { # write_image PACKAGES
  index_folder "repository/x86_64"
  cat >image.yaml <<YAML
contents:
  build_repositories: [./repository]
  keyring: [./keys/me.rsa.pub]
  packages: [$1]
archs: [x86_64]
YAML
}

@test "it renders, zooms, sorts, searches, by mouse and keys, on a narrow screen, in the dark, offline" {
  mkdir -p repository/x86_64
  pack tool 40000 usr/bin/tool usr/share/tool/a usr/share/tool/b
  pack lib 90000 usr/lib/libx.so.1
  pack other 20000 usr/share/man/man1/other.1 usr/share/doc/other/README
  pack hostile 5000 'usr/share/<img src=x onerror=alert(1)>' 'usr/share/<!--<script>' "usr/share/'\"&\\"
  write_image 'tool, lib, other, hostile'
  tarn -q size image.yaml --html size.html
  tarn size image.yaml --json >report.json
  run python3 "$project/tests/cli/size_page.py" size.html report.json \
    ${TARN_SCREENSHOTS:+--screenshots "$TARN_SCREENSHOTS"}
  assert_status 0
}

@test "an image of 2,000 packages" {
  python3 "$project/tests/cli/many_packages.py" 2000 repository/x86_64
  write_image "$(seq -f 'made-up-%04.0f,' 0 1999 | tr -d '\n')"
  tarn -q size image.yaml --html size.html
  run python3 "$project/tests/cli/size_page.py" --time size.html 500
  assert_status 0
  echo "# $output" >&3
}
