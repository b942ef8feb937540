"""Makes the Python environment in .venv and keeps it as the requirements files say.

    python scripts/setup.py            what the planner needs to run
    python scripts/setup.py --dev      and what tests and checks need
    python scripts/setup.py --browser  and a Chromium for the browser tests

Standard library only: it runs before anything is installed. Running it again costs nothing: a stamp in
.venv holds the hash of the requirements that are installed. An install that was cut off is thrown away,
because pip may have left half a package behind that it would take for a whole one; what was downloaded
stays in pip's cache.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UNFINISHED = VENV / ".unfinished"
LOG = VENV / "install.log"
OLDEST = (3, 11)
#: Debian packs `venv` without its pip: then an environment without one is filled by the system's pip.
WAYS: tuple[tuple[str, ...], ...] = ((), ("--without-pip",))
#: Requirements file of each part, and the files its stamp depends on. `dev` includes `run`.
PARTS = {
    "run": ("requirements.txt", ("requirements.txt",)),
    "dev": ("requirements-dev.txt", ("requirements.txt", "requirements-dev.txt")),
}
#: How pip names a package as it takes it: from the network, as already there, or from a file.
NAMED = re.compile(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)|Processing (?:\S*/)?(\w+)")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_REMEDY = "apt-get install chromium (as root), or name one: CHROMIUM=/path/to/chrome make test"


class SetupFailed(Exception):
    """Setting up cannot go on; the message says why and what to do."""


def say(text: str) -> None:
    """One plain line of progress, at once."""
    print(text, flush=True)


def venv_python() -> Path:
    """The environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(part: str, root: Path = ROOT) -> str:
    """Hash of the files that decide what `part` installs."""
    return hashlib.sha256(b"".join((root / name).read_bytes() for name in PARTS[part][1])).hexdigest()


def installed(part: str) -> bool:
    """True if .venv holds exactly what the requirements files say now."""
    stamp = VENV / f".installed-{part}"
    return stamp.is_file() and stamp.read_text() == fingerprint(part)


def works(python: Path) -> bool:
    """True if the environment's interpreter starts, is new enough and still has its packages' folder.

    A system upgrade can break any of the three: .venv/bin/python is a link to the system's Python.
    """
    if not python.exists():
        return False
    check = (
        "import os, sys, sysconfig; "
        f"sys.exit(sys.version_info < {OLDEST} or not os.path.isdir(sysconfig.get_path('purelib')))"
    )
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    """Create .venv, or leave a working one alone. Raises SetupFailed if the machine cannot make one."""
    if UNFINISHED.exists():
        say("An earlier install was cut off; starting it afresh.")
        shutil.rmtree(VENV)
    if works(venv_python()):
        return
    if VENV.exists():
        say("The environment in .venv does not start any more; making a new one.")
        shutil.rmtree(VENV)
    say(f"Making the Python environment in .venv (Python {sys.version.split()[0]})")
    VENV.mkdir()
    UNFINISHED.touch()
    for extra in WAYS:
        made = subprocess.run(
            [sys.executable, "-m", "venv", *extra, str(VENV)], capture_output=True, text=True, check=False
        )
        if made.returncode == 0:
            return
    shutil.rmtree(VENV)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    raise SetupFailed(
        f"Python {version} at {sys.executable} cannot make environments: its venv module is missing.\n"
        f"Install it (Debian, Ubuntu: apt-get install python{version}-venv) and run the same command again.\n"
        f"It said: {(made.stderr or made.stdout).strip().splitlines()[-1:]}"
    )


def pip() -> list[str]:
    """The command that installs into .venv: its own pip, or the system's pip pointed at it."""
    own = [str(venv_python()), "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    system = [sys.executable, "-m", "pip", "--python", str(venv_python())]
    if subprocess.run([*system, "--version"], capture_output=True, check=False).returncode == 0:
        return system
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    raise SetupFailed(
        f"There is no pip, neither in the environment nor for {sys.executable}.\n"
        f"Install one (Debian, Ubuntu: apt-get install python3-pip python{version}-venv) and run the same "
        "command again."
    )


def lines_of(command: list[str]) -> Iterator[str | None]:
    """The output of a command line by line as it comes, and None for every ten silent seconds.

    Raises SetupFailed with the command's last words if it fails.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    said: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.put(line.rstrip())
        said.put(None)

    threading.Thread(target=read, daemon=True).start()
    tail: list[str] = []
    with process:
        try:
            while True:
                try:
                    line = said.get(timeout=10)
                except queue.Empty:
                    yield None
                    continue
                if line is None:
                    break
                tail = [*tail[-19:], line]
                yield line
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise SetupFailed("\n".join([f"This failed: {' '.join(command)}", *tail]))


def install(part: str) -> None:
    """Install one requirements file with a line for each package."""
    name = PARTS[part][0]
    command = [*pip(), "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    total = sum(len(re.findall(r"^[\w.-]+==", (ROOT / file).read_text(), re.M)) for file in PARTS[part][1])
    say(f"Installing the packages of {name} (some 200 MB the first time)")
    UNFINISHED.touch()
    began = time.monotonic()
    seen = 0
    with LOG.open("a") as log:
        for line in lines_of([*command, "-r", name]):
            if line is None:
                say(f"  still at it, {time.monotonic() - began:.0f} s so far")
                continue
            log.write(line + "\n")
            text = line.strip()
            if text.startswith("Ignoring "):  # a package for another system
                total -= 1
            # pip names a package again each time another one needs it; "from -r" is said once for each.
            elif (met := NAMED.match(text)) and "(from -r " in text:
                seen += 1
                say(f"  {seen:3}/{total} {met[1] or met[2]}")
            elif met := re.match(r"Downloading (\S+?)-\S+ \((\d+\.\d MB)\)", text):
                say(f"          downloading {met[1]}, {met[2]}")
            elif text.startswith("Installing collected packages"):
                say("  unpacking them (a minute or so)")
            elif text.startswith(("WARNING: Retrying", "WARNING: Connection")):
                say(f"  {text}")
    for done in PARTS if part == "dev" else (part,):
        (VENV / f".installed-{done}").write_text(fingerprint(done))
    UNFINISHED.unlink()
    say(f"  installed in {time.monotonic() - began:.0f} s; the full record is in {LOG.relative_to(ROOT)}")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Let one setup run at a time in this folder: two at once would spoil each other's .venv."""
    try:
        import fcntl
    except ImportError:  # Windows: no make either; people run the plain lines of docs/development.md by hand
        yield
        return
    with (ROOT / ".setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another setup is under way in this folder; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_browser() -> str | None:
    """Path of a Chromium: $CHROMIUM, or the first one on the PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def get_browser() -> None:
    """Install Debian's Chromium if there is none and we may; else say how. Raises SetupFailed if required."""
    if find_browser():
        return
    if os.environ.get("CHROMIUM"):
        missing = f"CHROMIUM={os.environ['CHROMIUM']} is not a program."
    elif shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("Installing Chromium for the browser tests (apt-get)")
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        for command in (
            ["apt-get", "-qq", "update"],
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"],
        ):
            began = time.monotonic()
            for line in lines_of(command):
                if line is None:
                    say(f"  still at it, {time.monotonic() - began:.0f} s so far")
        if find_browser():
            say(f"  installed: {find_browser()}")
            return
        missing = "apt-get installed no Chromium that can be found on the PATH."
    else:
        missing = "There is no Chromium on this machine."
    remedy = f"{missing} To get one: {BROWSER_REMEDY}"
    if os.environ.get("REQUIRE_BROWSER"):
        raise SetupFailed(remedy)
    say(f"{remedy}\nThe browser tests are skipped until then.")


def main() -> int:
    """Do what the arguments ask; 0 if all is in place, else 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(description="Make the Python environment in .venv.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--browser", action="store_true", help="also a Chromium for the browser tests")
    wanted = parser.parse_args()
    if sys.version_info < OLDEST:
        print("The planner needs Python 3.11 or newer; this is " + sys.version.split()[0], file=sys.stderr)
        return 1
    part = "dev" if wanted.dev or wanted.browser else "run"
    try:
        with only_one():
            make_venv()
            if not installed(part):
                install(part)
        if wanted.browser:
            get_browser()
    except SetupFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
