# Which environment: each can_X says whether the route is open and sets `why` either way.
# shellcheck shell=sh disable=SC2034,SC2154

# --- a: the current Python ----------------------------------------------------------------------

can_a() { find_python try; }

# find_python quick|try: the first Python with all packages; "try" imports them, which takes seconds.
find_python() {
    why="no python3 on the path"
    for name in python3 python; do
        have "$name" || continue
        python=$(command -v "$name")
        if why=$("$python" "$parts/probe.py" whole "$1" 2>/dev/null); then return 0; fi
        why="$python: ${why:-does not run}"
    done
    return 1
}

# --- b: conda-family tools ----------------------------------------------------------------------

conda_tool() {
    for tool in micromamba mamba conda; do
        have "$tool" && return 0
    done
    return 1
}

can_b() {
    if ! conda_tool; then
        why="no conda, mamba or micromamba on the path"
        return 1
    fi
    seconds=${FIRSTRAY_CHANNEL_SECONDS:-30}
    verbose "b: asking the channel through $tool (at most $seconds s)"
    if timeout "$seconds" "$tool" search --override-channels -c conda-forge 'fenics-dolfinx=0.9' \
        </dev/null >/dev/null 2>&1; then
        why="$tool is here and its channel answers"
        return 0
    fi
    why="$tool is here, but its channel gave no fenics-dolfinx 0.9 within $seconds s"
    return 1
}

# --- c: the distribution's own packages ---------------------------------------------------------

os_field() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "${FIRSTRAY_OS_RELEASE:-/etc/os-release}" 2>/dev/null | head -n 1; }

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# Version of DOLFINx that the package lists offer; empty if they offer none.
candidate() {
    LC_ALL=C apt-cache policy python3-dolfinx 2>/dev/null |
        sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}\([0-9][0-9.]*\).*/\2/p'
}

may_install() { is_root || { have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }

can_c() {
    system=$(os_field PRETTY_NAME)
    system=${system:-this system}
    case $(os_field ID) in
        debian) enough=13 ;;
        ubuntu) enough=25.04 ;;
        *)
            why="$system is neither Debian nor Ubuntu"
            return 1
            ;;
    esac
    release=$(os_field VERSION_ID)
    if [ -n "$release" ] && ! at_least "$release" "$enough"; then
        why="$system packages no DOLFINx 0.9"
        return 1
    fi
    offered=$(candidate)
    if [ -n "$offered" ] && ! at_least "$offered" 0.9; then
        why="$system packages DOLFINx $offered, older than 0.9"
        return 1
    fi
    if [ -x /usr/bin/python3 ] && /usr/bin/python3 "$parts/probe.py" base >/dev/null 2>&1; then
        why="$system with its DOLFINx installed"
        return 0
    fi
    if ! may_install; then
        why="$system packages DOLFINx, but installing it needs root or sudo"
        return 1
    fi
    why="$system packages DOLFINx ${offered:-0.9 or later}"
}

# --- d: a Debian root entered with bubblewrap ---------------------------------------------------

# Folders that the Debian root replaces: no working folder may lie in them.
inside_system() {
    case $1/ in
        /usr/* | /bin/* | /sbin/* | /lib/* | /lib32/* | /lib64/* | /libx32/* | /etc/* | /proc/* | /sys/* | /dev/* | /boot/*)
            return 0
            ;;
    esac
    return 1
}

missing_tools() {
    missing=
    have mmdebstrap || missing="$missing mmdebstrap"
    have bwrap || missing="$missing bubblewrap"
    is_root || have newuidmap || missing="$missing uidmap"
    missing=${missing# }
}

can_d() {
    if [ "$(uname -s)" != Linux ]; then
        why="this is $(uname -s), not Linux"
        return 1
    fi
    for place in "$FIRSTRAY_HOME" "$FIRSTRAY_ROOT"; do
        if inside_system "$place"; then
            why="$place lies in a system folder, which the Debian root replaces; move it"
            return 1
        fi
    done
    missing_tools
    [ ! -x "$FIRSTRAY_HOME/root/usr/bin/python3" ] || ! have bwrap || missing=
    if [ -n "$missing" ] && ! { have apt-get && may_install; }; then
        why="missing: $missing; ask for these packages to be installed (apt-get install $missing)"
        return 1
    fi
    if have bwrap && ! bwrap --ro-bind / / --dev-bind /dev /dev true 2>/dev/null; then
        why="bubblewrap cannot make namespaces here (user namespaces are switched off for $(id -un))"
        return 1
    fi
    if ! is_root && ! grep -qs "^$(id -un):\|^$(id -u):" /etc/subuid; then
        why="$(id -un) has no entry in /etc/subuid, which an unprivileged mmdebstrap needs"
        return 1
    fi
    why="a Debian 13 root entered with bubblewrap, as $(id -un)"
}

# --- choice -------------------------------------------------------------------------------------

# The chosen route is remembered with its reason, so that later calls do not probe again.
read_choice() {
    route=
    forced=
    reason=
    [ -f "$FIRSTRAY_HOME/chosen" ] || return 1
    { read -r route && read -r forced && read -r reason; } <"$FIRSTRAY_HOME/chosen"
}

write_choice() {
    printf '%s\n%s\n%s\n' "$route" "$forced" "$reason" >"$FIRSTRAY_HOME/chosen.part.$$"
    mv -f "$FIRSTRAY_HOME/chosen.part.$$" "$FIRSTRAY_HOME/chosen"
}

rejected=
tried=

# reject REASON: the route is closed; say so only when asked.
reject() {
    tried=$tried$route
    rejected="$rejected
  $route  no: $1"
    verbose "not $route: $1"
}

# First open route that was not rejected before.
choose() {
    for route in a b c d; do
        case $tried in *"$route"*) continue ;; esac
        if "can_$route"; then
            reason=$why
            return 0
        fi
        reject "$why"
    done
    route=
    return 1
}

# Make sure that an environment is there: the remembered one, or the first that can be had.
ready_environment() {
    want=${FIRSTRAY_ROUTE:-}
    case $want in '' | a | b | c | d) ;; *) die "FIRSTRAY_ROUTE=$want: must be a, b, c or d" ;; esac
    [ ! -e "$marker" ] || take_lock s
    if find_ready; then return 0; fi
    make_home
    catch_signals
    take_lock x
    if ! find_ready; then
        remove_leftovers
        make_environment
    fi
    take_lock s
    trap - INT TERM HUP
}

find_ready() {
    read_choice || true
    if [ -n "$want" ] && [ "$want" != "$route" ]; then
        route=$want
        reason="asked for by FIRSTRAY_ROUTE"
    fi
    [ -n "$route" ] && "is_ready_$route"
}

make_environment() {
    if [ -z "$want" ] && [ -n "$forced" ]; then want=$route; fi
    if [ -n "$want" ]; then
        route=$want
        "can_$route" || die "route $route: $why"
        reason="$why, as asked for"
        say "environment $route: $reason"
        "build_$route" || die "route $route could not be built"
        [ -n "${FIRSTRAY_ROUTE:-}" ] && [ -f "$FIRSTRAY_HOME/chosen" ] || write_choice
        return 0
    fi
    while choose; do
        say "environment $route: $reason"
        if "build_$route"; then
            write_choice
            return 0
        fi
        reject "its build failed"
    done
    die "no environment can be had here:$rejected"
}
