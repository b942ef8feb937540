"""The scripts that make the project run on a bare machine."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import run, setup

ROOT = Path(__file__).resolve().parent.parent
FIND = ROOT / "scripts" / "find-python.sh"


def program(folder: Path, name: str, body: str) -> Path:
    """A shell script that stands for a program on the PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def found_python(path: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(FIND)], env={"PATH": path, **extra}, capture_output=True, text=True, check=False
    )


class TestFindPython:
    OLD = 'case "$1" in -c) exit 1;; *) echo "Python 3.9.2";; esac'
    BROKEN = "echo 'python3.13: command not found' >&2; exit 127"
    NEW = "exit 0"

    def test_takes_python3_where_it_is_new_enough(self, tmp_path: Path) -> None:
        expected = program(tmp_path, "python3", self.NEW)
        program(tmp_path, "python3.11", self.NEW)
        assert found_python(str(tmp_path)).stdout.strip() == str(expected)

    def test_passes_over_an_old_one_and_a_name_that_does_not_start(self, tmp_path: Path) -> None:
        program(tmp_path, "python3", self.OLD)
        program(tmp_path, "python3.13", self.BROKEN)
        expected = program(tmp_path, "python3.12", self.NEW)
        assert found_python(str(tmp_path)).stdout.strip() == str(expected)

    def test_says_what_it_found_and_what_to_do(self, tmp_path: Path) -> None:
        program(tmp_path, "python3", self.OLD)
        answer = found_python(f"{tmp_path}:/usr/bin:/bin", PYTHON="python3")
        assert answer.returncode == 1
        assert "needs Python 3.11 or newer; found: Python 3.9.2" in answer.stderr
        assert "apt-get install" in answer.stderr

    def test_a_named_python_is_the_only_candidate(self, tmp_path: Path) -> None:
        program(tmp_path, "python3", self.NEW)
        mine = program(tmp_path, "mine", self.NEW)
        assert found_python(str(tmp_path), PYTHON=str(mine)).stdout.strip() == str(mine)


class TestSetup:
    @pytest.fixture
    def venv(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder that setup takes for .venv."""
        place = tmp_path / ".venv"
        monkeypatch.setattr(setup, "VENV", place)
        monkeypatch.setattr(setup, "UNFINISHED", place / ".unfinished")
        monkeypatch.setattr(setup, "WAYS", (("--without-pip",),))  # the quick one of the two
        return place

    def test_dev_depends_on_both_files_and_run_on_its_own(self, tmp_path: Path) -> None:
        for name in ("requirements.txt", "requirements-dev.txt"):
            (tmp_path / name).write_text("a==1\n")
        before = {part: setup.fingerprint(part, tmp_path) for part in setup.PARTS}
        (tmp_path / "requirements-dev.txt").write_text("a==2\n")
        assert setup.fingerprint("run", tmp_path) == before["run"]
        assert setup.fingerprint("dev", tmp_path) != before["dev"]

    def test_a_stamp_of_other_requirements_does_not_count(self, venv: Path) -> None:
        venv.mkdir()
        stamp = venv / ".installed-run"
        assert not setup.installed("run")
        stamp.write_text(setup.fingerprint("run"))
        assert setup.installed("run")
        stamp.write_text("of another time")
        assert not setup.installed("run")

    def test_makes_an_environment_that_works_and_leaves_it_alone_after_that(self, venv: Path) -> None:
        setup.make_venv()
        python = setup.venv_python()
        assert setup.works(python)
        setup.UNFINISHED.unlink()
        (venv / "mine").touch()
        setup.make_venv()
        assert (venv / "mine").exists()

    def test_an_environment_that_does_not_start_is_made_anew(self, venv: Path) -> None:
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(venv / "gone")
        assert not setup.works(setup.venv_python())
        setup.make_venv()
        assert setup.works(setup.venv_python())

    def test_an_install_that_was_cut_off_is_thrown_away(self, venv: Path) -> None:
        (venv / "lib").mkdir(parents=True)
        (venv / "lib" / "half-a-package").touch()
        setup.UNFINISHED.touch()
        setup.make_venv()
        assert not (venv / "lib" / "half-a-package").exists()
        assert setup.UNFINISHED.exists()  # until the packages are in

    def test_without_pip_in_it_the_environment_is_filled_from_outside(self, venv: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        assert setup.pip() == [sys.executable, "-m", "pip", "--python", str(setup.venv_python())]

    def test_a_command_that_fails_is_quoted_with_its_last_words(self) -> None:
        script = "print('on the way'); raise SystemExit('no such package')"
        lines = setup.lines_of([sys.executable, "-c", script])
        assert next(lines) == "on the way"
        with pytest.raises(setup.SetupFailed, match="no such package"):
            list(lines)

    @pytest.mark.parametrize(
        ("line", "name"),
        [
            ("Collecting python-dateutil==2.9.0 (from -r requirements.txt (line 4))", "python-dateutil"),
            (
                "Requirement already satisfied: idna==3.20 in ./.venv/lib (from -r requirements.txt (line 9))",
                "idna",
            ),
            (
                "Processing /wheels/numpy-2.4.6-cp311-cp311-linux_x86_64.whl (from -r requirements.txt)",
                "numpy",
            ),
        ],
    )
    def test_reads_the_package_from_what_pip_says(self, line: str, name: str) -> None:
        met = setup.NAMED.match(line)
        assert met is not None
        assert (met[1] or met[2]) == name

    def test_a_named_browser_must_exist(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
        assert setup.find_browser() is None
        mine = program(tmp_path, "mine", "exit 0")
        monkeypatch.setenv("CHROMIUM", str(mine))
        assert setup.find_browser() == str(mine)

    def test_a_missing_browser_stops_only_those_who_require_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
        monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
        setup.get_browser()
        assert "are skipped until then" in capsys.readouterr().out
        monkeypatch.setenv("REQUIRE_BROWSER", "1")
        with pytest.raises(setup.SetupFailed, match="is not a program"):
            setup.get_browser()


class TestRun:
    @pytest.fixture
    def taken(self) -> Iterator[int]:
        """A port that another program listens on."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            yield other.getsockname()[1]

    def test_a_taken_port_is_said_with_a_way_out(self, taken: int) -> None:
        with pytest.raises(
            run.CannotServe, match=rf"Port {taken} is taken: another program.*PORT={taken + 1}"
        ):
            run.check_port(taken)

    @pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
    def test_a_port_that_is_none(self, port: str) -> None:
        command = [sys.executable, str(ROOT / "scripts" / "run.py"), f"--port={port}"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode == 1
        assert answer.stderr.strip() == f"PORT={port} is not a port: give a number from 1 to 65535."

    def test_a_kill_takes_the_server_along(self, tmp_path: Path) -> None:
        (tmp_path / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "run.py", tmp_path / "scripts")
        (tmp_path / "app.py").write_text("import streamlit as st\nst.title('Planner')\n")
        (tmp_path / "sop.duckdb").touch()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "scripts/run.py", f"--port={port}", "--store=sop.duckdb"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as started:
            assert started.stdout is not None
            ready = next((line for line in started.stdout if line.startswith("Ready")), "it ended first")
            started.terminate()
            rest = started.stdout.read()
        assert f"open http://localhost:{port}" in ready
        assert rest.endswith("Stopped.\n")
        assert started.returncode == 0
        run.check_port(port)

    def builder(self, folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
        """Lets `python -m sop_core demo --store F` be a program of ours; F is its $5."""
        monkeypatch.setattr(sys, "executable", str(program(folder, "python", body)))

    def test_the_demo_company_becomes_the_store(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.builder(tmp_path, monkeypatch, 'echo company > "$5"')
        store = tmp_path / "data" / "sop.duckdb"
        run.build_demo(store)
        assert store.read_text() == "company\n"
        assert os.listdir(store.parent) == ["sop.duckdb"]

    def test_a_build_that_fails_leaves_no_store(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.builder(tmp_path, monkeypatch, 'echo half > "$5"; echo half > "$5.wal"; exit 1')
        store = tmp_path / "data" / "sop.duckdb"
        with pytest.raises(run.CannotServe, match="could not be built"):
            run.build_demo(store)
        assert os.listdir(store.parent) == []

    def test_what_a_killed_build_left_behind_is_not_taken_for_the_company(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "sop.building.duckdb").write_text("half")
        self.builder(tmp_path, monkeypatch, 'test ! -e "$5" && echo company > "$5"')
        run.build_demo(tmp_path / "sop.duckdb")
        assert (tmp_path / "sop.duckdb").read_text() == "company\n"
