# Building an environment. The stamp beside each part is written last, so a part without its stamp,
# or with the stamp of other package lists, is never used.
# shellcheck shell=sh disable=SC2154

debian_list=$parts/debian.txt
pypi_list=$parts/pypi.txt
conda_list=$FIRSTRAY_ROOT/environment.yml
mirror=${DEBIAN_MIRROR:-} # empty: the default of mmdebstrap

stamp_b() { hash_of "b $RECIPE" -- "$conda_list"; }
stamp_root() { hash_of "root $RECIPE" -- "$debian_list"; }
stamp_venv_c() { hash_of "c $RECIPE" "$(readlink -f /usr/bin/python3)" -- "$debian_list" "$pypi_list"; }
stamp_venv_d() { hash_of "d $RECIPE" -- "$debian_list" "$pypi_list"; }

is_ready_a() { find_python quick; }
is_ready_b() { stamp_is "$FIRSTRAY_HOME/conda.stamp" "$(stamp_b)"; }
is_ready_c() { stamp_is "$FIRSTRAY_HOME/venv-c.stamp" "$(stamp_venv_c)"; }
is_ready_d() {
    stamp_is "$FIRSTRAY_HOME/root.stamp" "$(stamp_root)" &&
        stamp_is "$FIRSTRAY_HOME/venv-d.stamp" "$(stamp_venv_d)" && have bwrap
}

# Every module that a run needs, for one import statement.
run_modules() { names_in "$parts/names.txt" | awk '$5 == "run" { printf "%s%s", comma, $1; comma = ", " }'; }

# Run a command as root: in a step if that needs no password, else in the foreground.
root_step() {
    text=$1
    shift
    if is_root; then
        step "$text" own env DEBIAN_FRONTEND=noninteractive "$@"
    elif sudo -n true 2>/dev/null; then
        step "$text" own sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    else
        say "$text (sudo asks for your password)"
        sudo env DEBIAN_FRONTEND=noninteractive "$@" >>"$build_log" 2>&1
    fi
}

apt_install() {
    [ -z "$(dpkg --audit 2>/dev/null)" ] ||
        root_step "finishing an interrupted package installation" dpkg --configure -a || return 1
    root_step "installing $1" apt-get install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 $2
}

# make_venv FOLDER RUNNER PYTHON: a virtual environment that sees the system packages.
make_venv() {
    step "virtual environment" "$2" "$3" -m venv --system-site-packages "$1" &&
        step "packages from PyPI" "$2" env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PYTHONHOME -u PYTHONPATH \
            PYTHONNOUSERSITE=1 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off \
            "$1/bin/python" -m pip install --no-cache-dir -r "$pypi_list"
}

build_a() { :; }

build_b() {
    conda_tool
    need_space_MB 5000
    remove "$FIRSTRAY_HOME/conda.stamp" "$FIRSTRAY_HOME/conda"
    case $tool in
        micromamba) set -- create -y ;;
        *) set -- env create ;;
    esac
    step "conda environment" own env CONDA_ALWAYS_YES=true MAMBA_ALWAYS_YES=true PYTHONNOUSERSITE=1 \
        "$tool" "$@" -p "$FIRSTRAY_HOME/conda" -f "$conda_list" || return 1
    step "trying it" own env PYTHONNOUSERSITE=1 "$FIRSTRAY_HOME/conda/bin/python" -c "import $(run_modules)" || return 1
    write_stamp "$FIRSTRAY_HOME/conda.stamp" "$(stamp_b)"
}

build_c() {
    need_space_MB 1500
    remove "$FIRSTRAY_HOME/venv-c.stamp" "$FIRSTRAY_HOME/venv-c"
    if ! dpkg-query -W $(names_in "$debian_list") >/dev/null 2>&1 && may_install; then
        root_step "package lists" apt-get update -q || return 1
        offered=$(candidate)
        if ! at_least "${offered:-0}" 0.9; then
            say "the package lists offer DOLFINx ${offered:-in no version}"
            return 1
        fi
        known=$(names_in "$debian_list" | xargs apt-cache policy 2>/dev/null |
            awk '/^[^ ].*:$/ { name = $1; sub(":$", "", name) } /Candidate:/ && $2 != "(none)" { print name }')
        apt_install "DOLFINx $offered from $system" "$known" || return 1
    fi
    if ! fault=$(/usr/bin/python3 "$parts/probe.py" base); then
        say "/usr/bin/python3 $fault"
        return 1
    fi
    make_venv "$FIRSTRAY_HOME/venv-c" own /usr/bin/python3 || return 1
    step "trying it" own "$FIRSTRAY_HOME/venv-c/bin/python" -c "import $(run_modules)" || return 1
    write_stamp "$FIRSTRAY_HOME/venv-c.stamp" "$(stamp_venv_c)"
}

build_d() {
    missing_tools
    if [ -n "$missing" ]; then
        root_step "package lists" apt-get update -q || return 1
        apt_install "$missing" "$missing debian-archive-keyring" || return 1
        printf '%s\n' "$missing" >>"$marker"
        can_d || { say "$why" && return 1; }
    fi
    if ! stamp_is "$FIRSTRAY_HOME/root.stamp" "$(stamp_root)"; then
        remove "$FIRSTRAY_HOME/root.stamp" "$FIRSTRAY_HOME/venv-d.stamp" "$FIRSTRAY_HOME/root"
        need_space_MB 4500
        part=$FIRSTRAY_HOME/root.part.$$
        debian_root "$part" || { remove_leftovers && return 1; }
        adapt_root "$part"
        mv "$part" "$FIRSTRAY_HOME/root" || return 1
        write_stamp "$FIRSTRAY_HOME/root.stamp" "$(stamp_root)"
    fi
    remove "$FIRSTRAY_HOME/venv-d.stamp" "$FIRSTRAY_HOME/venv-d"
    make_venv "$FIRSTRAY_HOME/venv-d" in_root /usr/bin/python3 || return 1
    step "trying it" in_root "$FIRSTRAY_HOME/venv-d/bin/python" -c "import $(run_modules)" || return 1
    write_stamp "$FIRSTRAY_HOME/venv-d.stamp" "$(stamp_venv_d)"
}

# debian_root FOLDER: a Debian 13 with the packages of debian.txt and none of their documentation.
debian_root() {
    packages=$(names_in "$debian_list" | tr '\n' ',')
    set -- "$1" --verbose --variant=apt "--include=${packages%,}" \
        --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' --dpkgopt=force-unsafe-io
    for unused in doc man locale javascript unicode opencascade/data; do
        set -- "$@" "--dpkgopt=path-exclude=/usr/share/$unused/*"
    done
    for unused in include/boost libexec/valgrind lib/debug lib/python3/dist-packages/matplotlib/tests/baseline_images; do
        set -- "$@" "--dpkgopt=path-exclude=/usr/$unused/*"
    done
    proxy=
    ! have apt-config || eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || set -- "$@" "--aptopt=Acquire::http::Proxy \"$proxy\""
    folder=$1
    shift
    text="Debian 13 root, 600 MB to fetch"
    if is_root; then
        step "$text" own env LC_ALL=C mmdebstrap --mode=root "$@" trixie "$folder" ${mirror:+"$mirror"}
    else
        # As an ordinary user: unpacked from a stream, so that every file belongs to the user.
        mkdir "$folder"
        step "$text" own env LC_ALL=C TMPDIR=/var/tmp sh -c '
            folder=$1
            shift
            { mmdebstrap --mode=unshare --format=tar "$@" || : >"$folder/failed"; } |
                tar -x --no-same-owner --exclude="./dev/*" -C "$folder" && [ ! -e "$folder/failed" ]
        ' sh "$folder" "$@" trixie - ${mirror:+"$mirror"}
    fi
}

# Mount points for the host's files, and an entry for a user whom the root does not know.
adapt_root() {
    for file in resolv.conf hosts hostname pip.conf; do
        [ -e "$1/etc/$file" ] || : >"$1/etc/$file"
    done
    cut -d : -f 3 "$1/etc/passwd" | grep -qx "$(id -u)" ||
        printf '%s:x:%s:%s::%s:/bin/sh\n' "$(id -un)" "$(id -u)" "$(id -g)" "${HOME:-/}" >>"$1/etc/passwd"
    cut -d : -f 3 "$1/etc/group" | grep -qx "$(id -g)" ||
        printf '%s:x:%s:\n' "$(id -gn)" "$(id -g)" >>"$1/etc/group"
}
