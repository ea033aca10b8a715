"""Opens the course in JupyterLab, on a copy that is yours to write in: `python -m course [FOLDER]`.

A notebook that is in the folder already stays as it is, so your answers are never lost. Checks,
logs and solutions are brought up to date each time.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parent
FOLDERS = ("checks", "logs", "solutions")


def copy(folder: Path) -> list[str]:
    """Copy the course into a folder; return the names of the notebooks that stayed, because they
    differ from ours.

    Raises FileExistsError if the folder has files, and they are not a copy of the course.
    """
    folder.mkdir(parents=True, exist_ok=True)
    is_copy = (folder / "checks" / "chapter_1.py").exists() and not COURSE.samefile(folder)
    if any(folder.iterdir()) and not is_copy:
        raise FileExistsError(f"{folder} has other files in it; name a folder that is new or empty")
    for name in FOLDERS:
        shutil.copytree(
            COURSE / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )
    shutil.copy(COURSE / "README.md", folder)
    kept = []
    for notebook in sorted(COURSE.glob("*.ipynb")):
        own = folder / notebook.name
        if not own.exists():
            shutil.copy(notebook, own)
        elif own.read_bytes() != notebook.read_bytes():
            kept.append(own.name)
    return kept


def main() -> None:
    """Copy the course, and run JupyterLab there until it is closed."""
    parser = argparse.ArgumentParser(
        prog="python -m course", description="Open the course in JupyterLab."
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=COURSE.parent / "my-course", help="your copy"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print a link and open no browser"
    )
    parser.add_argument("--port", type=int, default=8888, help="if it is taken, one of the next")
    options = parser.parse_args()
    try:
        from jupyterlab.labapp import LabApp
    except ImportError:
        sys.exit('course: JupyterLab is missing; pip install --editable ".[course]" brings it')
    try:
        kept = copy(options.folder)
    except OSError as error:
        sys.exit(f"course: {error}")
    print(f"Your copy of the course is in {options.folder}", flush=True)
    if kept:
        print(
            f"These are as you left them: {', '.join(kept)}. To begin one anew, rename yours and"
            " start again.",
            flush=True,
        )
    # The notebooks import `model`, and they find it where this program is.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(COURSE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    LabApp.launch_instance(
        [
            f"--ServerApp.root_dir={options.folder.resolve()}",
            f"--ServerApp.port={options.port}",
            f"--ServerApp.open_browser={not options.no_browser}",
            "--ServerApp.ip=127.0.0.1",  # for this computer alone, so root may do it too
            "--ServerApp.allow_root=True",
            "--LabApp.default_url=/lab/tree/README.md",
            # show README as a page, and fetch no news
            f"--LabApp.app_settings_dir={COURSE / 'settings'}",
            "--LabApp.extension_manager=readonly",
        ]
    )


if __name__ == "__main__":
    main()
