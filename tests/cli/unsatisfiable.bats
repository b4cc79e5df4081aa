# Recipes that cannot be had: what people and programs are told.

bats_require_minimum_version 1.5.0
load helper
load small_repository

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  make_key
  make_repository repo x86_64 <<'EOF'
nginx 1.28.0-r3
mail 1.0-r0 smtp
app 1-r0
app 2-r0 helper p:socket=2
helper 1-r0 p:socket=1
arm-tool 1-r0 a:aarch64
postfix 3.9-r0 p:smtp
exim 4.9-r0 p:smtp
EOF
  cat >recipe.yaml <<EOF
contents:
  repositories: ["$PWD/repo"]
  keyring: ["$PWD/keys"]
  packages:
    - WANTED
archs: [x86_64]
EOF
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
  export TARN_CACHE=$BATS_TEST_TMPDIR/cache
}

want() { # want CONSTRAINT…: recipe.yaml with these
  sed "s/- WANTED/- $(sed 's/ /\\n    - /g' <<<"$*")/" "$BATS_FILE_TMPDIR/recipe.yaml" >recipe.yaml
}

@test "the message says where, what else there is and what to write, and that helps" {
  want nginx=1.28.0-r2
  run -3 --separate-stderr "$TARN" plan recipe.yaml
  [ -z "$output" ]
  [[ $stderr == *"error: nothing provides 'nginx=1.28.0-r2'
  required by: recipe.yaml:5"*"
  available: nginx-1.28.0-r3 ("*"
hint: repositories keep only the newest revision: write 'nginx~1.28.0' instead" ]] || fail "$stderr"
  want nginx~1.28.0
  run -0 "$TARN" plan recipe.yaml
}

@test "with --json the same is data, with the message beside it and status 3" {
  want nginx=1.28.0-r2 mail imaginary
  run -3 --separate-stderr "$TARN" plan recipe.yaml --json
  [[ $stderr == "error: nothing provides 'imaginary'"* ]] || fail "$stderr"
  check_json '.error | .kind == "unsatisfiable" and .message == "nothing provides '\''imaginary'\''"
    and .architectures == ["x86_64"] and .contexts == ["resolving for x86_64"]
    and .second_opinion == {"verdict": "impossible", "add": []}
    and ([.causes[].code] | sort) == ["missing-name", "virtual-name", "wrong-version"]' <<<"$output"
  check_json '.error.causes[] | select(.code == "wrong-version")
    | .name == "nginx" and .chosen == "nginx-1.28.0-r3"
    and .violated[0].recipe == {"constraint": "nginx=1.28.0-r2", "position": "recipe.yaml:5:7"}
    and .candidates[0].package == "nginx-1.28.0-r3"
    and .core == [{"constraint": "nginx=1.28.0-r2", "position": "recipe.yaml:5:7"}]
    and .remedies[0].write == "nginx~1.28.0"' <<<"$output"
  check_json '.error.causes[] | select(.code == "virtual-name")
    | ([.remedies[].write] | sort) == ["exim", "postfix"]
    and .required_by[0].package == "mail-1.0-r0"
    and .required_by[0].recipe.constraint == "mail"' <<<"$output"
}

@test "where other packages would fit, what is told to add leads to a plan" {
  want app
  run -3 --separate-stderr "$TARN" plan recipe.yaml --json
  check_json '.error.second_opinion == {"verdict": "possible", "add": ["app<2-r0"]}' <<<"$output"
  want app "'app<2-r0'"
  run -0 "$TARN" plan recipe.yaml
}

@test "building says it as well, and writes nothing" {
  want arm-tool
  run -3 --separate-stderr "$TARN" build recipe.yaml base:latest base.tar --json
  check_json '.error.causes[0] | .code == "masked-architecture" and .reason == "aarch64"' <<<"$output"
  [ ! -e base.tar ]
}
