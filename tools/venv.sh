#!/bin/sh
# Makes the virtual environment, or adds one set of optional packages to it: venv.sh PYTHON FOLDER EXTRA STAMP
set -eu
python=$1 folder=$2 extra=$3 stamp=$4

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "junkhound needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || echo 'not here')" >&2
    echo "hint: name another one: make PYTHON=python3.12 $([ -n "$extra" ] && echo test || echo run)" >&2
    exit 1
}
if [ ! -x "$folder/bin/pip" ]; then
    echo "making $folder (once)" >&2
    "$python" -m venv "$folder" >/dev/null 2>&1 || {
        echo "cannot make a virtual environment with '$python'" >&2
        echo "hint: on Debian: apt-get install python3-venv" >&2
        exit 1
    }
    "$folder/bin/pip" uninstall -q -y setuptools 2>/dev/null || true # packages are built apart: 10 MB less
fi
# Modules are compiled when they are first imported, not all of them now: 50 MB less.
if [ -n "$extra" ]; then
    echo "fetching packages for '$extra' (once)" >&2
    "$folder/bin/pip" install -q --no-compile -e ".[$extra]" -e ./spamworld
else
    echo "fetching packages (once, about 90 MB)" >&2
    "$folder/bin/pip" install -q --no-compile -e . -e ./spamworld
fi
# The byte loops in C, where they can be built; without them everything works the same and takes twice the time.
"$folder/bin/python" -m junkhound.kernel.compiled || true
name=${stamp##*/}
rm -f "$folder/${name%-*}-"*
touch "$stamp"
