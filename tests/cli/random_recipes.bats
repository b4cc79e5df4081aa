# The cache never shows in an image: random recipes, random orders of builds, random damage.

bats_require_minimum_version 1.5.0
load helper

@test "random recipes give the same images from a full, an empty and a damaged cache" {
  need_shared
  need python3
  cd "$BATS_TEST_TMPDIR" || return 1
  recipes=200 damages=150
  # Sanitized programs, and those without optimisation, take ten times as long.
  [ -z "${TARN_SANITIZED:-}" ] || recipes=6 damages=6
  timeout 900 python3 "$BATS_TEST_DIRNAME/random_recipes.py" "$TARN" \
    "$SHARED/mirror/alpine/v3.19.1-bootmedia" "$SHARED/keys" "$recipes" "$damages"
}
