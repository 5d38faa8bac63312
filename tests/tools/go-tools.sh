# Sourced by the `build` script of a Go tool module (one folder with go.mod and go.sum), after it has gone into that folder. Builds the
# module's tools once into a cache folder outside the checkout; progress goes to stderr, the folder is the script's last line:
#
#   tools FOLDER STAMP NAME...      where they go, and which; ends the script when all are there
#   build NAME PACKAGE [FLAG...]    builds one, unless it is there; FLAG goes to `go build`
#   finish                          prints the folder
#
# STAMP is what the binaries depend on beside go.mod, go.sum and the Go version. What KUBEBUILDER_ASSETS holds is used in place of a build.
# shellcheck shell=bash

say() { printf '%s: %s\n' "$folder" "$*" >&2; }

tools() {
  folder=$1
  local stamp=$2 key cache name complete=yes
  shift 2
  go=$(go env GOVERSION 2>/dev/null || echo none)
  key=$(cat go.mod go.sum - <<<"$stamp $go ${KUBEBUILDER_ASSETS:-}" | sha256sum | cut -c1-12)
  cache=${DC_OPERATOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/direct-connect-operator}
  mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/target/cache
  bin=$cache/$folder/$key
  mkdir -p "$bin"

  for name; do [ -x "$bin/$name" ] || complete=no; done
  if [ $complete = yes ]; then
    echo "$bin"
    exit
  fi

  # Two runs at once share one build; each binary comes by a rename, so what is there is whole.
  exec 9>"$bin/.lock"
  flock -n 9 || { say "waiting for a build that is under way"; flock 9; }

  builder=
  # A background process does not hear Ctrl-C: it would build on, and hold the lock.
  trap '[ -z "$builder" ] || kill "$builder" 2>/dev/null || true' EXIT
  trap 'exit 130' INT TERM
}

build() {
  local name=$1 package=$2 start=$SECONDS
  shift 2
  if [ -x "$bin/$name" ]; then return; fi
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$name" ]; then
    ln -sf "$(realpath "$KUBEBUILDER_ASSETS/$name")" "$bin/$name"
    return
  fi
  [ "$go" != none ] || { say "needs Go $(sed -n 's/^go //p' go.mod) or newer on the PATH"; exit 1; }
  say "building $name …"
  go build "$@" -o "$bin/.$name.new" "$package" &
  builder=$!
  # Minutes on a cold cache: a line now and then says that it is alive.
  while kill -0 "$builder" 2>/dev/null; do
    sleep 1
    local elapsed=$((SECONDS - start))
    if [ $((elapsed % 30)) -eq 29 ]; then say "building $name … $elapsed s"; fi
  done
  wait "$builder" || { say "building $name failed; see above. It needs Go $(sed -n 's/^go //p' go.mod) or newer and its module proxy."; exit 1; }
  builder=
  mv -f "$bin/.$name.new" "$bin/$name"
  say "built $name in $((SECONDS - start)) s"
}

finish() {
  if [ "$SECONDS" -gt 1 ]; then say "ready in $SECONDS s"; fi
  echo "$bin"
}
