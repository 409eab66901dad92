# ./firstray env: what is there, choosing another route, removing everything.
# shellcheck shell=sh disable=SC2154

env_command() {
    case ${1:-} in
        '') env_show ;;
        --route)
            case ${2:-} in a | b | c | d) ;; *) die "env --route: a, b, c or d" ;; esac
            env_route "$2"
            ;;
        --remove) env_remove ;;
        *) die "env $1: no such option; allowed: --route a|b|c|d, --remove" ;;
    esac
}

env_show() {
    want=${FIRSTRAY_ROUTE:-}
    [ ! -e "$marker" ] || take_lock s
    if find_ready; then
        printf 'route     %s: %s\nfolder    %s\n' "$route" "$reason" "$FIRSTRAY_HOME"
        printf 'size      %s\n' "$(du -shx "$FIRSTRAY_HOME" 2>/dev/null | cut -f 1)"
        FIRSTRAY_QUIET=1
        enter python "$parts/versions.py"
    fi
    if [ -n "$want" ]; then
        if "can_$want"; then choice="$want: $why"; else choice="none: $want: $why"; fi
    elif choose; then
        choice="$route: $reason"
    else
        choice=none
    fi
    printf 'not made yet in %s\nthe next call would take  %s\n' "$FIRSTRAY_HOME" "$choice"
    [ -z "$rejected" ] || printf 'not taken:%s\n' "$rejected"
}

env_route() {
    FIRSTRAY_ROUTE=
    want=$1
    make_home
    catch_signals
    take_lock x
    read_choice || true
    route=$want
    forced=yes
    if "is_ready_$route"; then
        reason="as asked for"
        write_choice
    else
        remove_leftovers
        make_environment
    fi
    say "route $route is used from now on ($reason)"
}

env_remove() {
    if [ ! -e "$marker" ]; then
        printf 'nothing to remove in %s\n' "$FIRSTRAY_HOME"
        return 0
    fi
    take_lock x now || { end_orphaned_build && take_lock x now; } ||
        die "commands are still running in the environment; end them first"
    remove_leftovers
    for name in $contents; do
        [ -e "$FIRSTRAY_HOME/$name" ] || continue
        size=$(du -shx "$FIRSTRAY_HOME/$name" 2>/dev/null | cut -f 1)
        remove "$FIRSTRAY_HOME/$name"
        printf 'removed  %6s  %s\n' "$size" "$FIRSTRAY_HOME/$name"
    done
    tools=$(sed 1d "$marker" | tr '\n' ' ')
    remove "$marker"
    rmdir "$FIRSTRAY_HOME" 2>/dev/null || printf 'kept     %s: it holds other files\n' "$FIRSTRAY_HOME"
    [ -z "$tools" ] || printf 'installed on this system for the environment; remove with: apt-get remove %s\n' "$tools"
}
