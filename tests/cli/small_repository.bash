# Small signed repositories, one package a line. Load it beside helper.
#
#   make_key                        me.rsa, and its public key in keys/
#   make_repository DIR ARCH <<'EOF'
#   NAME VERSION [DEPENDENCY…] [p:PROVIDE…] [i:CONDITION…] [k:PRIORITY] [a:ARCH] [t:DESCRIPTION]
#   EOF
#                                   DIR/ARCH with these packages (of one small file) and a signed index;
#                                   '_' in a description stands for a blank

#   index_folder DIR                signs an index of the packages in DIR
#   write_small_recipe FILE [MORE]  a recipe of 'small' for two architectures, from repository/ and keys/ of
#                                   the file's folder; MORE are further lines

index_folder() {
  "$TARN" -q apk index --allow-untrusted --key me.rsa -o "$1/APKINDEX.tar.gz" "$1" >/dev/null
}

write_small_recipe() {
  cat >"$1" <<YAML
contents:
  build_repositories: ["$BATS_FILE_TMPDIR/repository"]
  keyring: ["$BATS_FILE_TMPDIR/keys"]
  packages: [small]
archs: [x86_64, aarch64]
${2:-}
YAML
}

make_key() {
  "$TARN" apk keygen -o me --bits 2048
  mkdir -p keys
  cp me.rsa.pub keys/
}

make_repository() {
  local folder=$1/$2 arch=$2 name version word words
  mkdir -p "$folder" files/usr/share
  echo small >files/usr/share/small
  while read -r name version words; do
    local options=(--name "$name" --version "$version" --arch "$arch")
    for word in $words; do
      case $word in
        p:*) options+=(--provide "${word#p:}") ;;
        i:*) options+=(--install-if "${word#i:}") ;;
        k:*) options+=(--provider-priority "${word#k:}") ;;
        a:*) options+=(--arch "${word#a:}") ;;
        t:*) word=${word#t:} && options+=(--description "${word//_/ }") ;;
        *) options+=(--depend "$word") ;;
      esac
    done
    "$TARN" -q apk pack files "${options[@]}" --build-time 1700000000 -d "$folder" >/dev/null
  done
  index_folder "$folder"
}
