"""Serves the planner: builds the demo company where there is no store yet, then starts the server.

    python scripts/run.py                        data/sop.duckdb on port 8501
    python scripts/run.py --store F --port N     another store, another port
    python scripts/run.py -- --server.address 127.0.0.1    the rest goes to `streamlit run`

It runs inside the environment (`make run` sees to that) and says what it is doing in plain lines. The
pages learn which store to open from the environment variable SOP_STORE.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Seconds after which a server that does not answer is given up.
PATIENCE = 120


class CannotServe(Exception):
    """The planner cannot be started; the message says why and what to do."""


def say(text: str) -> None:
    """One plain line of progress, at once."""
    print(text, flush=True)


def healthy(port: int) -> bool:
    """True if a Streamlit server on this machine answers on the port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def check_port(port: int) -> None:
    """Raises CannotServe if the port cannot be had."""
    # Asked first: a server bound to one address only would not hinder a bind to all of them everywhere.
    taken = False
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.settimeout(2)
        probe.connect(("127.0.0.1", port))
        taken = True
    if taken:
        who = "a planner is already running there" if healthy(port) else "another program has it"
        raise CannotServe(
            f"Port {port} is taken: {who}. Open http://localhost:{port}, stop that program, "
            f"or choose another port: make run PORT={port + 1 if port < 65535 else 8501}"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except PermissionError:
            raise CannotServe(f"Port {port} is reserved for the system; choose one above 1023.") from None
        except OSError as problem:
            raise CannotServe(
                f"Port {port} cannot be opened ({problem.strerror}); choose another one."
            ) from None


def build_demo(store: Path) -> None:
    """Build the demo company into `store`; cut off half-way it leaves none, so the next run starts afresh.

    Raises CannotServe if the build fails; it has said why itself.
    """
    store.parent.mkdir(parents=True, exist_ok=True)
    building = store.with_name(f"{store.stem}.building{store.suffix}")
    leftovers = (building, building.with_name(building.name + ".wal"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    say(f"There is no store at {store} yet: building the demo company")
    began = time.monotonic()
    command = [sys.executable, "-m", "sop_core", "demo", "--store", str(building)]
    try:
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            raise CannotServe("The demo company could not be built; the reason stands above.")
        if leftovers[1].exists():
            raise CannotServe(
                f"The demo company's store was not closed properly ({leftovers[1]} is left over)."
            )
        building.replace(store)
    finally:
        for path in leftovers:
            path.unlink(missing_ok=True)
    say(f"  built in {time.monotonic() - began:.0f} s")


def serve(store: Path, port: int, options: list[str]) -> int:
    """Start the server, say when it answers, wait for its end. Returns its exit code."""
    say(f"Starting the planner with {store}")
    began = time.monotonic()
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)),
        # Its banner asks the internet for this machine's address; the line below says all that is needed.
        *("--logger.hideWelcomeMessage", "true"),
        *options,
    ]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "SOP_STORE": str(store)})
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a kill stops it as Ctrl-C does
    try:
        while not healthy(port):
            if server.poll() is not None:
                raise CannotServe(f"The server ended at once (exit code {server.returncode}); see above.")
            if time.monotonic() - began > PATIENCE:
                raise CannotServe(f"The server does not answer after {PATIENCE} s; see above.")
            time.sleep(0.1)
        say(f"Ready after {time.monotonic() - began:.0f} s: open http://localhost:{port}  (Ctrl-C stops it)")
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):  # then it is killed below
            server.wait(timeout=15)
        say("\nStopped.")
        return 0
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def main() -> int:
    """Serve as the arguments ask; 0 after a normal stop, else 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(description="Serve the planner.")
    parser.add_argument("--store", default="data/sop.duckdb", help="DuckDB file (default %(default)s)")
    parser.add_argument("--port", default="8501", help="port (default %(default)s)")
    parser.add_argument("options", nargs="*", help="options for `streamlit run`, after --")
    wanted = parser.parse_args()
    store = Path(wanted.store)
    store = store if store.is_absolute() else ROOT / store
    try:
        if not wanted.port.isdecimal() or not 0 < int(wanted.port) < 65536:
            raise CannotServe(f"PORT={wanted.port} is not a port: give a number from 1 to 65535.")
        check_port(int(wanted.port))
        if store.is_dir():
            raise CannotServe(f"STORE={store} is a folder: give a file, such as {store / 'sop.duckdb'}")
        if not store.exists():
            build_demo(store)
        return serve(store, int(wanted.port), wanted.options)
    except CannotServe as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
