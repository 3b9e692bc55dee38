# shellcheck shell=bash
# Installs what scripts/packages.txt lists. Needs common.sh.

# packages_of GROUP…: the packages of these groups, one a line.
packages_of() {
  local group
  for group in "$@"; do
    awk -v group="$group" '$1 == group { print $2 }' "$PARLEY_ROOT/scripts/packages.txt"
  done
}

# missing_packages PACKAGE…: those that dpkg does not know as installed, nor as provided by another one (a nodejs
# from elsewhere than Debian brings its npm, and takes no other beside it).
missing_packages() {
  local installed
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
    awk '$1 == "installed" { gsub(/\([^)]*\)|,/, " "); for (i = 2; i <= NF; i++) print $i }') || true
  printf '%s\n' "$@" | grep -vxF -f <(printf '%s\n' "$installed") || true
}

# A package of a network service starts it at once: here the broker's own service would take the port that
# we are about to use. Runs "$@" with that held back, unless the machine has a policy of its own.
without_starting_services() {
  local policy=/usr/sbin/policy-rc.d result=0
  if [[ -e $policy ]]; then
    "${AS_ROOT[@]}" "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | "${AS_ROOT[@]}" tee "$policy" >/dev/null
  "${AS_ROOT[@]}" chmod 0755 "$policy"
  "${AS_ROOT[@]}" "$@" || result=$?
  "${AS_ROOT[@]}" rm -f "$policy"
  return "$result"
}

# install_packages GROUP…: installs what is missing; says so, or why it cannot.
install_packages() {
  local -a wanted missing AS_ROOT=()
  mapfile -t wanted < <(packages_of "$@")
  command -v dpkg-query >/dev/null ||
    die "this is no Debian system: install the equivalents of scripts/packages.txt ($*) by hand"
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]})) || return 0

  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      die "packages are missing; as root, run: apt-get install ${missing[*]}"
    AS_ROOT=(sudo)
  fi
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  local log
  log=$(mktemp)
  local -a apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  local result=0
  # An update that fails is no reason to stop: the lists on this machine may do.
  "${AS_ROOT[@]}" "${apt[@]}" update </dev/null >"$log" 2>&1 || true
  without_starting_services "${apt[@]}" install --no-install-recommends "${missing[@]}" \
    </dev/null >>"$log" 2>&1 || result=$?
  if ((result)); then
    grep -E '^(E|Err|W):' "$log" >&2 || tail -n 5 "$log" >&2
    rm -f "$log"
    die "packages could not be installed; repair apt, or as root run: apt-get install ${missing[*]}"
  fi
  rm -f "$log"
  # Brought for their programs only.
  local service
  for service in mosquitto prometheus; do
    printf '%s\n' "${missing[@]}" | grep -qx "$service" || continue
    "${AS_ROOT[@]}" update-rc.d "$service" disable >/dev/null 2>&1 || true
    say "Debian's own $service service was left disabled, so that it takes no port."
  done
}
