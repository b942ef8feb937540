#!/bin/sh
# Prints the first Python that is new enough; says what to install where there is none.
# Each candidate is run, not only looked up: version managers leave names on the PATH that do not start.
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
else
    candidates='python3 python3.13 python3.12 python3.11 python3.14 python'
fi
for name in $candidates; do
    if "$name" -c "$new_enough" >/dev/null 2>&1; then
        command -v "$name"
        exit 0
    fi
done

found=$(for name in $candidates; do "$name" --version 2>/dev/null; done | sort -u | tr '\n' ',' | sed 's/,$//')
{
    echo "The planner needs Python 3.11 or newer; found: ${found:-none} (looked for: $candidates)."
    echo "Install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv; elsewhere: python.org),"
    echo "or name it: make run PYTHON=/path/to/python3.12"
} >&2
exit 1
