#!/usr/bin/env bash
# Makes all that the grader needs on this machine: a Docker Engine that answers, the Python environment .venv, and
# the sandbox image. What is there already stays as it is, so running it again takes a moment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly base_image=grader-base:bookworm
readonly stamp=.venv/installed-from
readonly daemon_log=/var/log/grader-dockerd.log
readonly daemon_pid_file=/var/run/docker.pid
readonly default_socket=unix:///var/run/docker.sock

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

# --- packages -------------------------------------------------------------------------------------------------

may_install() { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null; }

install_packages() {
    local log
    log=$(mktemp)
    say "installing $*"
    apt-get update -qq >"$log" 2>&1 || say "some package lists could not be fetched; going on with what there is"
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        fail "apt-get could not install $*." "See its messages above."
    fi
    rm -f "$log"
}

# --- the Python environment -----------------------------------------------------------------------------------

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && recent_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

# The path is part of it: an environment names its own place in every script, and cannot be moved.
what_is_installed() {
    pwd
    cat pyproject.toml
}

# Python finds its byte code ready, also where it may not write any.
compile_sources() { .venv/bin/python -m compileall -q grader sandbox; }

environment_is_current() {
    [ -x .venv/bin/grader ] && what_is_installed | cmp -s - "$stamp" && recent_enough .venv/bin/python
}

make_environment() {
    local python
    if ! python=$(find_python) && may_install; then
        install_packages python3 python3-venv
    fi
    python=$(find_python) ||
        fail "Python 3.11 or newer is needed." "Install it, or name it: PYTHON=/path/to/python3 make setup."
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        may_install ||
            fail "$python cannot make virtual environments." "Install its venv module (python3-venv)."
        install_packages python3-venv
    fi
    if ! recent_enough .venv/bin/python || { [ -e "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$PWD" ]; }; then
        say "making .venv"
        rm -rf .venv
        "$python" -m venv .venv
    fi
    say "installing the grader and its tools into .venv"
    rm -f "$stamp"
    .venv/bin/python -m pip install -qq --disable-pip-version-check -e '.[dev]' ||
        fail "pip could not install the grader's requirements." "See its messages above."
    what_is_installed >"$stamp"
}

# --- the Docker Engine: always through the SDK, so that what works here works for the grader -------------------

engine() { .venv/bin/python -c "import docker, signal, sys; client = docker.from_env(timeout=600); $1" "${@:2}"; }
engine_answers() { engine 'signal.alarm(15); client.ping()' >/dev/null 2>&1; }
image_exists() { engine 'client.images.get(sys.argv[1])' "$1" >/dev/null 2>&1; }

# Asked of exe, not of the process: a daemon that nobody has reaped still has a number and a name, but no program.
runs() { [[ $(readlink "/proc/$(cat "$1" 2>/dev/null)/exe") == */"$2"* ]]; }

# After a crash or a restart of the machine the number in a pid file may be another program's: dockerd would refuse
# to start, or take that program for its containerd and end it.
forget_unless_running() { runs "$1" "$2" || rm -f "$1"; }

start_daemon() {
    if [ -d /run/systemd/system ]; then
        say "starting Docker (systemctl start docker)"
        systemctl start docker
    elif runs "$daemon_pid_file" dockerd; then
        say "waiting for the dockerd that is starting"
    else
        forget_unless_running "$daemon_pid_file" dockerd
        forget_unless_running /var/run/docker/containerd/containerd.pid containerd
        say "starting dockerd (log: $daemon_log)"
        spawn_daemon
    fi
}

# In a session of its own and without the descriptors of this script: whoever waits for the end of our output, a CI
# runner for one, must not wait for the daemon.
spawn_daemon() {
    (
        for descriptor in /proc/self/fd/*; do
            descriptor=${descriptor##*/}
            [ "$descriptor" -le 2 ] || eval "exec $descriptor>&-"
        done
        exec setsid dockerd </dev/null >>"$daemon_log" 2>&1
    ) &
    daemon=$!
}

wait_for_engine() {
    local deadline=$((SECONDS + 60))
    until engine_answers; do
        if [ $SECONDS -ge $deadline ] || { [ -n "$daemon" ] && ! kill -0 "$daemon" 2>/dev/null; }; then
            [ ! -e "$daemon_log" ] || tail -n 10 "$daemon_log" >&2
            fail "The Docker Engine does not come up." "Its last messages are above, all of them in $daemon_log."
        fi
        sleep 0.1
    done
}

find_engine() {
    engine_answers && return
    if [ "${DOCKER_HOST:-$default_socket}" != "$default_socket" ]; then
        fail "No Docker Engine answers at DOCKER_HOST=$DOCKER_HOST." \
            "Start it, or unset DOCKER_HOST, and try again."
    fi
    local elsewhere
    if elsewhere=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) &&
        [ "$elsewhere" != "$default_socket" ] && docker version >/dev/null 2>&1; then
        fail "Docker answers at the endpoint of your docker context, which only the docker command knows." \
            "Run this once, then try again: export DOCKER_HOST=$elsewhere"
    fi
    may_install || fail "No Docker Engine answers, and this script installs one only on Debian or Ubuntu, as root." \
        "Install and start Docker (https://docs.docker.com/engine/install), then run this again."
    local missing=()
    command -v dockerd >/dev/null || missing+=(docker.io)
    command -v iptables >/dev/null || missing+=(iptables)
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
    daemon=
    start_daemon
    wait_for_engine
}

# --- the images -----------------------------------------------------------------------------------------------

pull_base() {
    say "pulling debian:bookworm-slim"
    engine 'signal.alarm(120); client.images.pull("debian", "bookworm-slim").tag(*sys.argv[1].split(":"))' \
        "$base_image" >/dev/null 2>&1
}

# Without a registry the same base comes from Debian's packages: from the usual mirror, or else from the host's own.
bootstrap_base() {
    local archive mirror options=(--variant=minbase --quiet)
    command -v mmdebstrap >/dev/null || {
        may_install || fail "debian:bookworm-slim cannot be pulled; building it needs Debian or Ubuntu, and root." \
            "Load it by other means (docker load), tag it $base_image, and run this again."
        install_packages mmdebstrap debian-archive-keyring
    }
    say "no registry answers: building $base_image from Debian's packages"
    archive=$(mktemp)
    for directory in doc info locale man; do
        options+=("--dpkgopt=path-exclude=/usr/share/$directory/*")
    done
    if ! mmdebstrap "${options[@]}" bookworm - >"$archive"; then
        say "trying again with the mirror that this machine uses"
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
        mmdebstrap "${options[@]}" bookworm - "$mirror" >"$archive" ||
            fail "mmdebstrap could not build the base image." "See its messages above."
    fi
    engine 'client.api.import_image(sys.argv[1], *sys.argv[2].split(":"))' "$archive" "$base_image" >/dev/null
    rm -f "$archive"
}

# --- the browser that tests look through -----------------------------------------------------------------------

find_browser() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

# --- all of it ------------------------------------------------------------------------------------------------

if [ "${1:-}" = browser ]; then
    find_browser && exit 0
    may_install || fail "The tests look at pages through Chromium, which is not installed." \
        "Install chromium or google-chrome, then run this again."
    install_packages chromium
    exit 0
fi

if environment_is_current && compile_sources && .venv/bin/grader sandbox build 2>/dev/null; then
    exit 0
fi
environment_is_current || make_environment
compile_sources
find_engine
image_exists "$base_image" || pull_base || bootstrap_base
.venv/bin/grader sandbox build
