# Running a command inside the environment.
# shellcheck shell=sh disable=SC2154

# What every route sets. Values that the user has set are left alone.
common_environment() {
    FIRSTRAY_INSIDE=$route
    PYTHONPATH=$FIRSTRAY_ROOT${PYTHONPATH:+:$PYTHONPATH}
    export FIRSTRAY_INSIDE FIRSTRAY_HOME PYTHONPATH
    if mkdir -p "$FIRSTRAY_HOME/cache" 2>/dev/null && [ -w "$FIRSTRAY_HOME/cache" ]; then
        export XDG_CACHE_HOME="$FIRSTRAY_HOME/cache" # forms compiled by FFCx, fonts of matplotlib
    fi
    export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
    export HDF5_USE_FILE_LOCKING="${HDF5_USE_FILE_LOCKING:-FALSE}"
    export PYVISTA_OFF_SCREEN="${PYVISTA_OFF_SCREEN:-true}"
    # Open MPI: more ranks than cores are allowed, and one machine needs no network
    export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy:-:oversubscribe}"
    [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ] || export OMPI_MCA_btl="${OMPI_MCA_btl:-self,sm}"
    ! is_root || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
}

enter() {
    say "environment $route: $reason"
    "enter_$route" "$@"
}

# Already inside, for example in a shell started with ./firstray exec sh.
enter_here() {
    export PYTHONPATH="$FIRSTRAY_ROOT${PYTHONPATH:+:$PYTHONPATH}"
    if [ "$1" = python ] && ! have python; then
        shift
        set -- python3 "$@"
    fi
    exec "$@"
}

enter_a() {
    common_environment
    case $1 in
        python | python3)
            shift
            set -- "$python" "$@"
            ;;
    esac
    exec "$@"
}

enter_b() {
    unset PYTHONHOME PYTHONPATH
    common_environment
    export PYTHONNOUSERSITE=1 CONDA_PREFIX="$FIRSTRAY_HOME/conda" PATH="$FIRSTRAY_HOME/conda/bin:$PATH"
    # the activation scripts name the C compiler; they are written for bash
    exec bash -c '
        for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
            [ ! -r "$script" ] || . "$script"
        done
        exec "$@"
    ' bash "$@"
}

enter_c() {
    common_environment
    export PYTHONNOUSERSITE=1 VIRTUAL_ENV="$FIRSTRAY_HOME/venv-c" PATH="$FIRSTRAY_HOME/venv-c/bin:$PATH"
    exec "$@"
}

# --- d ------------------------------------------------------------------------------------------

enter_d() {
    clear_host_settings
    common_environment
    export PYTHONNOUSERSITE=1 VIRTUAL_ENV="$FIRSTRAY_HOME/venv-d"
    export LC_ALL=C.UTF-8 # the root has no other locale
    zone=$(readlink /etc/localtime) || zone=
    case $zone in *zoneinfo/*) export TZ="${TZ:-${zone#*zoneinfo/}}" ;; esac
    # software rendering, the same picture with and without a display
    [ "$PYVISTA_OFF_SCREEN" != true ] ||
        export VTK_DEFAULT_OPENGL_WINDOW="${VTK_DEFAULT_OPENGL_WINDOW:-vtkOSOpenGLRenderWindow}"
    # bubblewrap passes no signal on: this shell stays, and forwards those that reach it alone
    trap '[ -t 0 ] || forward INT' INT
    trap 'forward TERM' TERM
    trap 'forward HUP' HUP
    trap 'forward USR1' USR1
    exec 8<&0
    (
        trap - INT TERM HUP USR1
        in_root /usr/bin/env --default-signal=INT,QUIT "$@"
    ) <&8 8<&- &
    inner=$!
    exec 8<&-
    while :; do
        status=0
        wait "$inner" || status=$?
        kill -0 "$inner" 2>/dev/null || exit "$status"
    done
}

forward() {
    targets=
    read -r targets <"/proc/$inner/task/$inner/children" 2>/dev/null || true
    kill "-$1" ${targets:-"$inner"} 2>/dev/null || true
}

# Settings of the host's Python, libraries and MPI that would mislead those of the root.
clear_host_settings() {
    unset PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONUSERBASE CONDA_PREFIX LD_LIBRARY_PATH LD_PRELOAD \
        PETSC_DIR PETSC_ARCH SLEPC_DIR OPAL_PREFIX PMIX_PREFIX PRTE_PREFIX OMPI_MCA_plm_rsh_agent CC CFLAGS LDFLAGS
}

# The host's certificates: a host behind its own certificate authority must still reach PyPI.
host_certificates() {
    for certificates in "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" "${REQUESTS_CA_BUNDLE:-}" \
        /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
        [ ! -f "$certificates" ] || return 0
    done
    certificates=
}

# Replace this process by a command inside the root. Everything at the top of the host's file tree is
# there under its own path, except what makes up the system. Options are put in front, so the
# last ones below are the first that bubblewrap carries out.
in_root() {
    root=$FIRSTRAY_HOME/root
    set -- --setenv PATH "$FIRSTRAY_HOME/venv-d/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
        --chdir "$PWD" --die-with-parent -- "$@"
    for file in resolv.conf hosts hostname pip.conf; do
        [ ! -r "/etc/$file" ] || set -- --ro-bind "/etc/$file" "/etc/$file" "$@"
    done
    host_certificates
    if [ -n "$certificates" ]; then
        inner_file=/etc/ssl/certs/ca-certificates.crt
        set -- --ro-bind "$certificates" "$inner_file" "$@"
        for name in PIP_CERT SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE; do
            eval "[ -z \"\${$name:-}\" ]" || set -- --setenv "$name" "$inner_file" "$@"
        done
    fi
    for top in /*; do
        case $top in
            /usr | /bin | /sbin | /lib | /lib32 | /lib64 | /libx32 | /etc | /proc | /sys | /dev | /boot | /lost+found) ;;
            *)
                if [ -L "$top" ]; then
                    set -- --symlink "$(readlink "$top")" "$top" "$@"
                elif [ -d "$top" ]; then
                    set -- --bind "$top" "$top" "$@"
                fi
                ;;
        esac
    done
    for top in bin sbin lib lib64; do
        [ ! -L "$root/$top" ] || set -- --symlink "usr/$top" "/$top" "$@"
    done
    exec ${session:-} bwrap --ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc \
        --bind /proc /proc --dev-bind /dev /dev --ro-bind /sys /sys "$@"
}
