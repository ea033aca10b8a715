"""The Dockerfile, replayed step by step in a fresh folder, as a user that is not root.

There is no container engine in this: the base image, the mounts, the limits and compose.yaml are
NOT run. What is run: every COPY and RUN, then the entry point with the ENV, the USER and the
HEALTHCHECK of the last stage.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from model.files import ROOT
from tests.bounds import INSTALLING_SECONDS
from tests.processes import LIMIT
from tests.serving import free_port

pytestmark = pytest.mark.installed

INSTRUCTIONS = [
    line.split(maxsplit=1)
    for line in re.sub(
        r"^#.*\n|\\\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE
    ).splitlines()
    if line.strip()
]
PIP = {"PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip")} | {
    name: value
    for name, value in os.environ.items()
    if re.match("PIP_|SSL_|HTTPS?_PROXY", name, re.IGNORECASE)
}
"""How pip reaches its index on this machine."""
FOLDERS = ("/opt/mangosaurus", "/build", "/state", "/tmp")
"""The folders of the image that the Dockerfile names. Here they are below a fresh one."""


@dataclass
class Replay:
    """The image, as a folder, and what the instructions have set."""

    root: Path
    folder: str = "/"
    user: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    health: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)

    def at(self, text: str) -> str:
        """Return a text with the folders of the image where they are here."""
        return re.sub("|".join(FOLDERS), lambda found: f"{self.root}{found[0]}", text)

    def path(self, path: str) -> Path:
        return Path(
            self.at(
                os.path.normpath(
                    path if path.startswith("/") else f"{self.folder.rstrip('/')}/{path}"
                )
            )
        )

    def do(self, name: str, rest: str) -> None:
        match name:
            case "FROM":
                self.folder = "/"
                self.environment = {
                    "PATH": f"{self.root}/python:/usr/bin:/bin",
                    "HOME": f"{self.root}/home",
                }
            case "ARG" | "ENV":
                key, _, value = rest.partition("=")
                self.environment[key] = self.at(value).replace("$PATH", self.environment["PATH"])
            case "WORKDIR":
                self.folder = rest
                self.path(".").mkdir(exist_ok=True, parents=True)
            case "COPY":
                self._copy(shlex.split(rest))
            case "RUN":
                run = partial(subprocess.run, shell=True, check=True, timeout=INSTALLING_SECONDS)
                run(self.at(rest), cwd=self.path("."), env=PIP | self.environment)
            case "USER":
                user, group = map(int, rest.split(":"))
                self.user = (
                    {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
                )
            case "HEALTHCHECK":
                self.health = json.loads(rest.partition("CMD ")[2])
            case "ENTRYPOINT":
                self.entry = json.loads(rest)
            case _:
                assert name in ("VOLUME", "EXPOSE")

    def _copy(self, words: list[str]) -> None:
        options = [word for word in words if word[:2] == "--"]
        *sources, target = [word for word in words if word[:2] != "--"]
        if options:  # from the first stage, which here is the same folder
            assert sources == [target]
            for owner in (
                option.partition("=")[2] for option in options if option.startswith("--chown")
            ):
                if os.geteuid() == 0:
                    os.chown(self.path(target), *map(int, owner.split(":")))
            return
        for source in sources:
            goal = self.path(target) / source if target.endswith("/") else self.path(target)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, goal, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, goal)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.path(f"/opt/mangosaurus/bin/{command[0]}"), *command[1:]],
            **self.user,
            cwd=self.path("."),
            env=self.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


AS_NOBODY: dict[str, Any] = (
    {"user": 10001, "group": 10001, "extra_groups": []} if os.geteuid() == 0 else {}
)


def python() -> Path:
    """Return a Python that another user may run, also where ours is in root's home."""
    for found in (Path(sys.base_prefix) / "bin" / "python3", Path("/usr/bin/python3")):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(
                [found, "-c", "import ensurepip"],
                **AS_NOBODY,
                check=True,
                timeout=LIMIT,
                capture_output=True,
            )
            return found
    pytest.skip("no other user may run Python here, so the Dockerfile was NOT replayed")


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    """The image after its build: of the first stage, only what the second one copies is left."""
    # not pytest's own, which is closed to other users
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "python").mkdir()
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        (root / "python" / "python").symlink_to(python())
        replay = Replay(root)
        for name, rest in INSTRUCTIONS:
            replay.do(name, rest)
            if name == "FROM" and "AS" not in rest:
                shutil.rmtree(root / "build")
        yield replay


def test_it_chats_and_writes_to_its_volume_alone(replay: Replay) -> None:
    answers, _ = replay.start(*replay.entry).communicate("/seed 42\n/dino\n/poem Shall I\n", LIMIT)
    assert re.search("^code [2-9a-z]{10}$", answers, re.MULTILINE)
    assert not (replay.root / "home").exists()
    (database,) = replay.path("/state").iterdir()
    assert (database.name, stat.S_IMODE(database.stat().st_mode)) == ("mangosaurus.db", 0o600)
    if replay.user:
        assert database.stat().st_uid == replay.user["user"] != 0


def test_it_is_healthy_and_stops_in_time(replay: Replay) -> None:
    port = free_port()
    listen = f"0.0.0.0:{port}"
    assert replay.environment["HEALTH_LISTEN"].startswith("0.0.0.0:")
    bot = replay.start(
        *replay.entry, "--page", "--host", "0.0.0.0", "--port", "0", HEALTH_LISTEN=listen
    )
    try:
        assert bot.stdout
        found = re.search(
            r"Chat with me in your browser: http://[^/]*:(\d+)(/\S+)", bot.stdout.readline()
        )
        assert found
        # as from outside: not at 127.0.0.1 alone
        for at, path in ((port, "/metrics"), (int(found[1]), found[2])):
            with contextlib.closing(HTTPConnection("127.0.0.2", at, timeout=LIMIT)) as connection:
                connection.request("GET", path)
                assert connection.getresponse().status in (200, 303)
        check = replay.start(*replay.health, HEALTH_LISTEN=listen)
        assert (check.communicate(timeout=LIMIT)[0], check.returncode) == ("well: serving\n", 0)
        begun = time.monotonic()
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(LIMIT) == 0
        assert time.monotonic() - begun < 10
        check = replay.start(*replay.health, HEALTH_LISTEN=listen)
        check.communicate(timeout=LIMIT)
        assert check.returncode == 1
    finally:
        bot.kill()
        bot.communicate()


def test_compose_publishes_what_the_dockerfile_serves_to_this_machine_alone() -> None:
    compose = (ROOT / "compose.yaml").read_text()
    exposed = [port for name, rest in INSTRUCTIONS if name == "EXPOSE" for port in rest.split()]
    published = re.findall('"([0-9.]+):[0-9]+:([0-9]+)"', compose)
    assert sorted({port for _, port in published}) == sorted(exposed)
    assert {address for address, _ in published} == {"127.0.0.1"}
    assert "mem_limit:" in compose


def test_nothing_private_is_sent_to_the_build() -> None:
    copied = {
        word
        for name, rest in INSTRUCTIONS
        if name == "COPY" and "--from" not in rest
        for word in rest.split()[:-1]
    }
    assert not copied & {".", ".env", ".git"}
    assert {".env", "*.db", "checkpoints/voices"} <= set(
        (ROOT / ".dockerignore").read_text().split()
    )
