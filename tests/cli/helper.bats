# The tests' own web server does what the other tests rely on.

bats_require_minimum_version 1.5.0

load helper

setup() {
  mkdir "$BATS_TEST_TMPDIR/www"
  echo content >"$BATS_TEST_TMPDIR/www/file"
}

teardown() {
  stop_all_nginx
}

@test "nginx serves a folder over http and logs what was asked for" {
  start_nginx "$BATS_TEST_TMPDIR/www"
  [ "$(curl -fsS "$NGINX_URL/file")" = content ]
  run -22 curl -fsS "$NGINX_URL/nothing"
  grep -qx 'GET /file 200 8 "-" HTTP/1.1' "$NGINX_LOG"
  grep -q 'GET /nothing 404' "$NGINX_LOG"
  stop_nginx
  run -7 curl -fsS "$NGINX_URL/file"
}

@test "nginx serves https with HTTP/2 under a certificate of its own" {
  start_nginx --tls "$BATS_TEST_TMPDIR/www" 'location /broken { return 503; }'
  [ "$(curl -fsS --cacert "$NGINX_CA" -o /dev/null -w '%{http_version}' "$NGINX_URL/file")" = 2 ]
  run -22 curl -fsS --cacert "$NGINX_CA" "$NGINX_URL/broken"
  run -60 curl -fsS "$NGINX_URL/file"
}
