# What helps to write recipes: init, schema, completion.

bats_require_minimum_version 1.5.0

load helper

setup() {
  cd "$BATS_TEST_TMPDIR"
  root=$BATS_TEST_DIRNAME/../..
}

@test "init writes a recipe that reads back, and never over another" {
  run --separate-stderr tarn init web.yaml --package nginx,tzdata --release 3.22 --user web:10001 \
    --port 8080 --cmd 'nginx -g "daemon off;"' --arch x86_64 </dev/null
  assert_status 0
  [[ $stderr == *"tarn build web.yaml"* ]] || fail "$stderr"
  tarn config --json web.yaml | check_json '
    .contents.repositories == ["https://dl-cdn.alpinelinux.org/alpine/${release}/main",
                               "https://dl-cdn.alpinelinux.org/alpine/${release}/community"] and
    .vars.release == "v3.22" and
    (.contents.packages | index("nginx") and index("tzdata") and index("busybox")) and
    .accounts."run-as" == "web" and .accounts.users[0].uid == 10001 and
    ."exposed-ports" == ["8080/tcp"] and .archs == ["x86_64"]'
  cp web.yaml before
  run tarn init web.yaml --package curl </dev/null
  assert_status 2
  assert_output "--force"
  cmp web.yaml before
  tarn init web.yaml --package curl --force </dev/null
  grep -q curl web.yaml
}

@test "init without options makes a base, and asks where somebody answers" {
  tarn init </dev/null
  tarn config --json recipe.yaml | check_json '.cmd == "/bin/sh" and .accounts == null'
  python3 "$BATS_TEST_DIRNAME/type_into.py" --help >/dev/null 2>&1 || true
  python3 - "$TARN" <<'EOF'
import os, pty, subprocess, sys
master, slave = pty.openpty()
process = subprocess.Popen([sys.argv[1], "init", "asked.yaml"], stdin=slave, stdout=slave,
                           stderr=slave, start_new_session=True)
os.close(slave)
os.write(master, b"nginx, php82\nedge\nx86_64 aarch64\n\n\n80\n")
assert process.wait(timeout=60) == 0
EOF
  tarn config --json asked.yaml | check_json '
    (.contents.packages | index("nginx") and index("php82")) and .vars.release == "edge" and
    .archs == ["x86_64", "aarch64"] and .accounts."run-as" == "nonroot" and .cmd == "/bin/sh"'
}

@test "init refuses what would be no recipe, and writes nothing" {
  run tarn init --package 'no package' </dev/null
  assert_status 2
  [ ! -e recipe.yaml ]
  run tarn init --user web:none --package a </dev/null
  assert_status 2
  assert_output "NAME:UID"
  [ ! -e recipe.yaml ]
}

@test "the schema takes every recipe here, and no wrong ones" {
  tarn schema >schema.json
  cmp schema.json "$root/docs/recipe.schema.json"
  python3 -c 'import jsonschema, yaml' 2>/dev/null || skip "python3-jsonschema is not installed"
  cp "$root/tests/fuzz/corpus/recipe/everything" everything.yaml
  run --separate-stderr tarn config everything.yaml
  [ "$status" -ne 0 ] || printf '%s\n' "$output" >everything-printed.yaml
  tarn init first.yaml --package nginx </dev/null
  python3 - schema.json ./*.yaml "$root"/recipes/*.yaml "$root"/tests/data/dockerfiles/*.yaml <<'EOF'
import json, sys, yaml, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
def octal(loader, node):  # YAML 1.2's 0o755
    text = loader.construct_scalar(node)
    return int(text[2:], 8) if text.startswith("0o") else yaml.SafeLoader.construct_yaml_int(loader, node)
class Loader(yaml.SafeLoader):
    pass
import re
Loader.add_implicit_resolver("!octal", re.compile(r"^0o[0-7]+$"), "0")
Loader.add_constructor("!octal", lambda loader, node: int(node.value[2:], 8))
for path in sys.argv[2:]:
    errors = [f"{path}: {'/'.join(map(str, error.path))}: {error.message}"
              for error in validator.iter_errors(yaml.load(open(path), Loader))]
    assert not errors, errors
for wrong in ({"packages": ["a"]}, {"contents": {"package": []}}, {"archs": ["pdp11"]},
              {"paths": [{"path": "/a", "type": "symlink"}]}, {"scripts": "never"},
              {"accounts": {"users": [{"username": "a", "uid": 0}]}}, {"cmd": ["a"]},
              {"variants": {"a": {"include": "b"}}}, {"files": [{"path": "/a"}]}):
    assert list(validator.iter_errors(wrong)), wrong
EOF
}

@test "the schema knows exactly the keys that recipes have" {
  tarn schema | jq -r '.properties, ."$defs".part.properties | keys[]' >known
  while read -r key; do
    printf '%s:\n' "$key" >one.yaml
    run tarn config one.yaml
    assert_status 0
  done <known
  # An unknown key's error names the nearest known one; docs/recipe.md names all.
  grep -oE '^\| `[a-z-]+`' "$root/docs/recipe.md" | tr -d '|` ' | sort -u >documented
  for key in skeleton scripts compression apk-database prune mirrors layering format; do
    grep -qx "$key" documented && grep -qx "$key" known || fail "$key"
  done
}

complete_in_bash() {
  bash -c 'source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tarn
           printf "%s\n" "${COMPREPLY[@]}"' "$TARN" "$@"
}

@test "bash completes commands, subcommands and options" {
  [ "$(complete_in_bash tarn bui)" = build ]
  complete_in_bash tarn apk '' | grep -qx pack
  complete_in_bash tarn build --comp | grep -qx -- --compression
  complete_in_bash tarn --thr | grep -qx -- --threads
  touch some.yaml
  complete_in_bash tarn build so | grep -qx some.yaml
}

@test "completions of zsh and fish are sound to these shells" {
  tarn completion zsh >_tarn
  tarn completion fish >tarn.fish
  grep -q "complete -c tarn -n '__fish_seen_subcommand_from build' -l compression" tarn.fish
  if command -v zsh >/dev/null; then zsh -n _tarn; fi
  if command -v fish >/dev/null; then fish -n tarn.fish; fi
  run tarn completion tcsh
  assert_status 2
}
