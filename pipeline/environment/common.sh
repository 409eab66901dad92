# Shared by all parts of the launcher: messages, places, safe deletion, lock, long steps.
# shellcheck shell=sh

RECIPE=1 # raise when a change of these scripts must rebuild what was made before
FIRSTRAY_HOME=${FIRSTRAY_HOME:-${XDG_CACHE_HOME:-${HOME:?"HOME is not set: set FIRSTRAY_HOME"}/.cache}/firstray}
case $FIRSTRAY_HOME in /*) ;; *) FIRSTRAY_HOME=$PWD/$FIRSTRAY_HOME ;; esac
marker=$FIRSTRAY_HOME/made-by-firstray
build_log=$FIRSTRAY_HOME/build.log
contents="root root.stamp conda conda.stamp venv-c venv-c.stamp venv-d venv-d.stamp cache chosen build.log lock.owner"
child=
ticker=

say() { [ -n "${FIRSTRAY_QUIET:-}" ] || printf 'firstray: %s\n' "$*" >&2; }

verbose() { [ -z "${FIRSTRAY_VERBOSE:-}" ] || printf 'firstray: %s\n' "$*" >&2; }

die() {
    printf 'firstray: error: %s\n' "$*" >&2
    exit 2
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" = 0 ]; }

# One package name a line, comments and blank lines dropped.
names_in() { sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# Hash of the given words and of the package lists named after "--".
hash_of() {
    {
        while [ $# -gt 0 ] && [ "$1" != -- ]; do
            printf '%s\n' "$1"
            shift
        done
        [ $# -eq 0 ] || shift
        for list in "$@"; do names_in "$list"; done
    } | sha256sum | cut -c1-16
}

stamp_is() { [ -f "$1" ] && read -r found <"$1" && [ "$found" = "$2" ]; }

write_stamp() {
    printf '%s\n' "$2" >"$1.part.$$"
    mv -f "$1.part.$$" "$1"
}

# --- places -------------------------------------------------------------------------------------

# The cache folder, ours alone: an existing folder with other things in it is refused.
make_home() {
    mkdir -p "$FIRSTRAY_HOME" 2>/dev/null ||
        die "cannot make $FIRSTRAY_HOME; set FIRSTRAY_HOME to a folder you can write"
    if [ ! -e "$marker" ]; then
        [ -z "$(ls -A "$FIRSTRAY_HOME" | grep -vx "${marker##*/}")" ] ||
            die "$FIRSTRAY_HOME holds other files; set FIRSTRAY_HOME to an empty or new folder"
        (
            set -C # another call may be writing it now
            printf 'Everything here was made by %s/firstray; remove it with: ./firstray env --remove\n' \
                "$FIRSTRAY_ROOT" >"$marker"
        ) 2>/dev/null || [ -e "$marker" ] ||
            die "cannot write in $FIRSTRAY_HOME; set FIRSTRAY_HOME to a folder you can write"
    fi
}

# Delete files and folders inside the cache; symbolic links and mounts are never followed.
remove() {
    for target in "$@"; do
        [ -e "$target" ] || [ -L "$target" ] || continue
        case $target in "$FIRSTRAY_HOME"/?*) ;; *) die "refusing to delete $target: outside $FIRSTRAY_HOME" ;; esac
        case $target in */../* | */..) die "refusing to delete $target" ;; esac
        if cut -d ' ' -f 5 /proc/self/mountinfo | grep -qF "$(readlink -f -- "$target")/"; then
            die "something is mounted inside $target: unmount it, then run this again"
        fi
        rm -rf --one-file-system -- "$target" 2>/dev/null && continue
        chmod -R u+rwX -- "$target" 2>/dev/null || true
        rm -rf --one-file-system -- "$target" || die "cannot delete $target"
    done
}

remove_leftovers() {
    for leftover in "$FIRSTRAY_HOME"/*.part.*; do
        [ -e "$leftover" ] || continue
        verbose "removing what an interrupted build left: $leftover"
        remove "$leftover"
    done
}

need_space_MB() {
    free=$(df -Pk "$FIRSTRAY_HOME" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$1" ] ||
        die "$FIRSTRAY_HOME has $free MB free and the environment needs $1 MB; set FIRSTRAY_HOME to a larger disk"
}

# --- lock ---------------------------------------------------------------------------------------
# File descriptor 9 holds it: shared by every running command, exclusive while building or removing.
# The kernel releases it when the last holder ends, so a killed build leaves no stale lock.

# take_lock s|x [now]: with "now", fail instead of waiting.
take_lock() {
    have flock || return 0
    [ -w "$marker" ] || return 0
    exec 9>>"$marker"
    flock -n "-$1" 9 && return 0
    [ "${2:-}" != now ] || return 1
    end_orphaned_build
    flock -n "-$1" 9 && return 0
    if [ "$1" = s ]; then
        say "another call is building the environment; waiting for it"
    else
        say "other commands are using the environment that must be rebuilt; waiting for them to end"
    fi
    flock "-$1" 9
}

# A build whose launcher was killed outright may still be running and hold the lock: end it.
end_orphaned_build() {
    read -r owner group <"$FIRSTRAY_HOME/lock.owner" 2>/dev/null || return 0
    if [ -n "$group" ] && ! kill -0 "$owner" 2>/dev/null &&
        tr '\0' ' ' <"/proc/$group/environ" 2>/dev/null | grep -qF "FIRSTRAY_BUILD=$FIRSTRAY_HOME "; then
        say "ending a build whose launcher was killed (process group $group)"
        end_group "$group"
    fi
}

end_group() {
    kill -TERM "-$1" 2>/dev/null || return 0
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        kill -0 "-$1" 2>/dev/null || return 0
        sleep 0.25
    done
    kill -KILL "-$1" 2>/dev/null || true
}

# --- long steps ---------------------------------------------------------------------------------

stop_step() {
    trap '' INT TERM HUP
    [ -z "$ticker" ] || kill "$ticker" 2>/dev/null || true
    [ ! -t 2 ] || printf '\r\033[K' >&2
    printf 'firstray: interrupted; nothing half-made is in use, the next call starts over\n' >&2
    if [ -n "$child" ]; then
        end_group "$child"
        wait "$child" 2>/dev/null || true
    fi
    trap 'exit 130' INT # a second Ctrl-C leaves the cleaning to the next call
    remove_leftovers
    exit "$1"
}

catch_signals() {
    trap 'stop_step 130' INT
    trap 'stop_step 143' TERM
    trap 'stop_step 129' HUP
}

# The tool's own phase and count, from what the current step has logged.
phase_now() {
    awk '/^=== / { phase = pip = ""; total = 0 }
        /^I: / { phase = substr($0, 4); total = 0 }
        / newly installed, / { total = 2 * $3; count = 0 } # each package is unpacked and set up
        /^(Unpacking|Setting up) / { count++ }
        /^(Collecting|Installing) / && phase == "" { pip = $0 }
        END {
            if (phase == "") phase = pip
            printf "%s%s", substr(phase, 1, 60), total ? sprintf(" %d %%", 100 * count / total) : ""
        }' "$build_log"
}

# tick TEXT BEGAN CHILD: show the step with its elapsed seconds, on a terminal in place, else a line every
# 15 s. Ends when killed, or with the child: a signal that comes while a shell is starting may be lost.
tick() {
    trap - INT TERM HUP
    next=5
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null && kill -0 "$3" 2>/dev/null; do
        seconds=$(($(date +%s) - $2))
        if [ -t 2 ]; then
            printf '\r\033[K%4d s  %s: %s' "$seconds" "$1" "$(phase_now)" >&2
        elif [ "$seconds" -ge "$next" ]; then
            next=$((seconds + 15))
            printf 'firstray: %4d s  %s: %s\n' "$seconds" "$1" "$(phase_now)" >&2
        fi
    done
}

# step TEXT RUNNER COMMAND...: RUNNER is "own" or "in_root"; output goes to the log, the last lines
# are shown if it fails. The command runs in a session of its own so that it can be ended whole.
step() {
    text=$1
    shift
    began=$(date +%s)
    printf '\n=== %s  %s\n' "$(date '+%F %T')" "$*" >>"$build_log"
    (
        trap - INT TERM HUP
        session=setsid
        FIRSTRAY_BUILD=$FIRSTRAY_HOME
        export FIRSTRAY_BUILD
        "$@"
    ) </dev/null >>"$build_log" 2>&1 &
    child=$!
    echo "$$ $child" >"$FIRSTRAY_HOME/lock.owner"
    tick "$text" "$began" "$child" 9>&- &
    ticker=$!
    status=0
    wait "$child" || status=$?
    child=
    kill "$ticker" 2>/dev/null || true
    ticker=
    [ ! -t 2 ] || printf '\r\033[K' >&2
    if [ "$status" -ne 0 ]; then
        tail -n 12 "$build_log" | sed 's/^/  | /' >&2
        printf 'firstray: failed after %d s: %s (whole log: %s)\n' \
            "$(($(date +%s) - began))" "$text" "$build_log" >&2
        return 1
    fi
    printf 'firstray: %4d s  %s: done\n' "$(($(date +%s) - began))" "$text" >&2
}

own() { exec ${session:-} "$@"; }
