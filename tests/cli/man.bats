# The manual: pages made of the same definitions as --help.

bats_require_minimum_version 1.5.0
load helper

setup() {
  # A start for each page; what is run is the same.
  [ -z "${TARN_SANITIZED:-}" ] || skip "for programs without a sanitizer"
  cd "$BATS_TEST_TMPDIR" || return 1
}

# All commands that help lists, a line each: "", "build", "apk", "apk index", …
commands() {
  local below word
  printf '%s\n' "$*"
  below=$(tarn "$@" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
  for word in $below; do commands "$@" "$word"; done
}

# The page of the command as a person sees it.
rendered() {
  tarn man "$@" | groff -man -Tascii -P-c -rLL=500n | sed 's/.\x08//g'
}

@test "there is a page of every command, and of nothing else" {
  run --separate-stderr tarn man --output pages/man1
  assert_status 0
  [ -z "$output" ] || fail "$output"
  commands | sed 's/^/tarn /; s/ *$//; s/ /-/g; s/$/.1/' | sort >expected
  ls pages/man1 | LC_ALL=C.UTF-8 sort >written
  diff expected written
  grep -qx tarn-apk-index.1 written
  while read -r command; do
    # shellcheck disable=SC2086
    tarn man $command | cmp - "pages/man1/tarn${command:+-}${command// /-}.1"
  done < <(commands)
}

@test "the pages are sound to groff, man and mandoc" {
  tarn -q man --output pages
  need groff
  for page in pages/*; do
    # Nothing but ASCII: no page depends on a reader's character set.
    ! LC_ALL=C grep -nP '[^\x00-\x7f]' "$page" || fail "$page"
    groff -man -ww -z -Tutf8 "$page" >warnings 2>&1
    [ ! -s warnings ] || fail "$page" "$(cat warnings)"
  done
  if command -v man >/dev/null; then
    for page in pages/*; do
      LC_ALL=C.UTF-8 man --warnings -l "$page" >/dev/null 2>warnings
      [ ! -s warnings ] || fail "$page" "$(cat warnings)"
    done
  fi
  if command -v lexgrog >/dev/null; then
    lexgrog pages/* >names || fail "whatis would not find them" "$(cat names)"
  fi
  if command -v mandoc >/dev/null; then
    for page in pages/*; do
      # Pages have no date, so that each build's are the same.
      mandoc -Tlint -W warning "$page" | grep -v 'missing date' >warnings || true
      [ ! -s warnings ] || fail "$page" "$(cat warnings)"
    done
  fi
}

@test "a page shows every option, argument and example that help shows" {
  need groff
  while read -r command; do
    # shellcheck disable=SC2086
    rendered $command >page
    # shellcheck disable=SC2086
    tarn $command --help | sed 's/…/.../g' >help
    while read -r option; do
      grep -qE -- "(^|[ ,])${option}([], =[]|\$)" page || fail "tarn $command: no $option"
    done < <(sed -n '/^Examples:/q; s/^  \(-[-a-z,]*\).*/\1/p' help | tr ',' '\n')
    while read -r argument; do
      grep -qE "^ +$argument( |\$)" page || fail "tarn $command: no $argument"
    done < <(sed -n '/^Positionals:/,/^$/s/^  \([A-Za-z]*\).*/\1/p' help)
    while read -r example; do
      grep -qF -- "$example" page || fail "tarn $command: no example '$example'"
    done < <(sed '1,/^Examples:/d; s/^ *//; /^$/d' help)
    description=$(head -1 help)
    tr -s ' \n' ' ' <page | grep -qF -- "$(tr -s ' ' <<<"$description")" ||
      fail "tarn $command: no description"
  done < <(commands)
}

@test "the program's page has the exit statuses and variables that help and README have" {
  need groff
  rendered >page
  tarn --help >help
  for name in TARN_CACHE TARN_TRACE SOURCE_DATE_EPOCH NETRC SSL_CERT_FILE NO_COLOR https_proxy; do
    grep -q "$name" page && grep -q "$name" help && grep -q "\`$name\`" "$project/README.md" || fail "$name"
  done
  grep -qE '^ +5 +trust' page
  grep -qE '^  130 +interrupted' help
}

@test "a command that is not there has no page" {
  run tarn man apk nothing
  assert_status 2
  assert_output "'tarn apk' has no command 'nothing'"
  run tarn man --output pages nothing
  assert_status 2
  [ ! -e pages ]
}

@test "installation brings the program, its manual and its completions" {
  build=$(dirname "$TARN")
  need cmake
  [ -e "$build/said/made" ] || skip "$TARN does not lie in a whole build"
  grep -q "^CMAKE_HOME_DIRECTORY:INTERNAL=$project\$" "$build/CMakeCache.txt"
  run cmake --install "$build" --prefix "$PWD/usr"
  assert_status 0
  [ "$(usr/bin/tarn --version)" = "$(tarn --version)" ]
  usr/bin/tarn man build | cmp - usr/share/man/man1/tarn-build.1
  tarn completion bash | cmp - usr/share/bash-completion/completions/tarn
  tarn completion zsh | cmp - usr/share/zsh/site-functions/_tarn
  tarn completion fish | cmp - usr/share/fish/vendor_completions.d/tarn.fish
  bash -c '. usr/share/bash-completion/completions/tarn && complete -p tarn'
}
