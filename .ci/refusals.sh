# Functions of the set-up scripts. A refusal is one sentence on stderr that names the remedy. Run from the top of the clone.

unset PYTHONPATH PYTHONHOME || true # packages of elsewhere would pass for installed ones
here=$(pwd -P)

refuse() { # refuse WORDS...
    echo "esm-packets: $*" >&2
    exit 1
}

run_alone() { # run_alone SCRIPT ARGUMENTS...: start the script again when no other make is at work on this clone
    [ -z "${ALONE:-}" ] && command -v flock >/dev/null 2>&1 || return 0
    exec env ALONE=yes flock -o Makefile sh "$@"
}

absolute() { # absolute PATH
    case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac
}

free_megabytes() {
    echo $(($(df -k --output=avail . | tail -n 1) / 1024))
}

refuse_full_disk() {
    refuse "The disk of $here is full, with $(free_megabytes) MB left: set-up takes about 500 MB. Free space, then run make again."
}

refuse_unwritable() { # refuse_unwritable FOLDER REASON
    refuse "$(id -un) cannot write $1 ($2). Run make as its owner, or clone into a folder of your own."
}

explain_disk() { # explain_disk FOLDER WORDS: refuse for the reason that the disk gave, if it gave one
    case $2 in
    *"No space left"* | *"quota exceeded"*) refuse_full_disk ;;
    *"Permission denied"*) refuse_unwritable "$1" "Permission denied" ;;
    *"Read-only file system"*) refuse_unwritable "$1" "Read-only file system" ;;
    esac
}

require_folder() { # require_folder PATH: a folder that this user can write
    [ ! -e "$1" ] || [ -d "$1" ] || refuse "$1 is a file where a folder is needed. Move the file away, then run make again."
    if ! trial=$(LC_ALL=C mkdir -p "$1" 2>&1 && LC_ALL=C mktemp -d "$1/.trial-XXXXXX" 2>&1); then
        explain_disk "$1" "$trial"
        refuse_unwritable "$1" "${trial##*: }"
    fi
    rmdir "$trial"
}

require_space() { # require_space MEGABYTES
    free=$(free_megabytes)
    [ "$free" -ge "$1" ] ||
        refuse "The disk of $here has $free MB left, and set-up takes about $1 MB. Free space, or clone to another disk."
}

last_line() { # last_line FILE: what a program said last
    grep -v '^ *$' "$1" | tail -n 1 | cut -c 1-300
}
