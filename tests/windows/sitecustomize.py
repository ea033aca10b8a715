"""Makes Python on Linux lack what Windows lacks, in every process that starts with this folder
first in PYTHONPATH.

Modules, functions and signals are missing; locks are on bytes (`msvcrt.locking`); files that are
open in the process cannot be deleted, moved or replaced; folders cannot be opened; permissions say
nothing; texts are cp1252 unless their reader says what they are; clocks tick 64 times a second;
processes can be ended, but get no signals. `sys.platform`, `os.name` and the paths stay, because
the standard library would not work with others.
"""

# ruff: noqa: PTH112, PTH115, PTH208, SIM905
# mypy: ignore-errors

import asyncio.unix_events
import builtins
import errno
import fcntl
import getpass  # noqa: F401 - this module and others are loaded while what they need is there
import io
import multiprocessing.connection  # noqa: F401
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
from functools import wraps
from types import ModuleType

MODULES = "crypt fcntl grp nis pty pwd readline resource spwd syslog termios tty".split()
FUNCTIONS = """
    chown confstr fchmod fchown fork forkpty getegid geteuid getgid getgroups getloadavg getpgid
    getpgrp getsid getuid initgroups killpg lchown memfd_create mkfifo mknod nice openpty pathconf
    pidfd_open pipe2 posix_spawn posix_spawnp pread pwrite readv register_at_fork sched_getaffinity
    sched_setaffinity setpgid setsid statvfs sysconf ttyname wait wait3 wait4 writev O_CLOEXEC
    O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_TMPFILE
""".split()
SIGNALS = {"SIGABRT", "SIGBREAK", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"}
SIGNAL_FUNCTIONS = {
    "SIG_DFL",
    "SIG_IGN",
    "default_int_handler",
    "getsignal",
    "raise_signal",
    "set_wakeup_fd",
    "signal",
}
TEXT = "cp1252"


def in_use(path):
    """Return whether this process has a file open, or a file in a folder."""
    real, open_files = os.path.realpath(path), []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            open_files.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except OSError:  # the descriptor that listed them
            continue
    return any(file == real or file.startswith(f"{real}/") for file in open_files)


def refusing_open_files(function):
    @wraps(function)
    def refuse(*paths, **options):
        for path in paths:
            if in_use(path):
                raise PermissionError(
                    errno.EACCES, "The process cannot access the file: it is in use", str(path)
                )
        return function(*paths, **options)

    return refuse


def lacking(path):
    """Return whether a path leads to what Linux alone has. threadpoolctl needs the maps here, and
    not on Windows."""
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    return (
        name.startswith(("/proc/", "/dev/std", "/dev/fd", "/dev/shm")) and name != "/proc/self/maps"
    )


def opened(
    file,
    mode="r",
    buffering=-1,
    encoding=None,
    errors=None,
    newline=None,
    closefd=True,
    opener=None,
):
    if lacking(file):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", os.fspath(file))
    if "b" not in mode and encoding in (None, "locale"):
        encoding = TEXT
    if "b" not in mode and "+" not in mode and "r" not in mode and newline is None:
        newline = "\r\n"
    return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)


def os_open(path, flags, mode=0o777, *, dir_fd=None):
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    return real_os_open(path, flags, mode)


def without_permissions(function):
    @wraps(function)
    def measure(*arguments, **options):
        found = function(*arguments, **options)
        mode = (
            found.st_mode | 0o777 if stat.S_ISDIR(found.st_mode) else found.st_mode & ~0o777 | 0o666
        )
        fields = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
        return os.stat_result((mode, *found[1:10]), fields | {"st_rdev": 0})

    return measure


def locking(descriptor, mode, count):
    """Lock bytes from where the file is, for all others, this process included; LK_LOCK tries ten
    times."""
    where = struct.pack(
        "hhqqi", fcntl.F_WRLCK, os.SEEK_SET, os.lseek(descriptor, 0, os.SEEK_CUR), count, 0
    )
    for _ in range(10 if mode == LK_LOCK else 1):
        try:
            return fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, where)
        except OSError:
            time.sleep(0.1 if mode == LK_LOCK else 0)
    number = errno.EDEADLK if mode == LK_LOCK else errno.EACCES
    raise OSError(number, os.strerror(number))


def catch(number, handler):
    if number not in ALLOWED:
        raise ValueError("invalid signal value")
    return real_signal(number, handler)


def no_signals(*_):
    raise NotImplementedError


def ticking(clock):
    return wraps(clock)(lambda: int(clock() * 64) / 64)


def begin(process, *arguments, **options):
    assert not options.get("pass_fds"), "pass_fds not supported on Windows."
    assert not options.get("preexec_fn"), "preexec_fn is not supported on Windows platforms"
    real_begin(process, *arguments, **options)


def end(process):
    if process.poll() is None:
        kill(process.pid, SIGKILL)


def send_signal(process, number):
    if number != signal.SIGTERM:
        raise ValueError(f"Unsupported signal: {number}")
    end(process)


LK_LOCK, LK_NBLCK = 1, 2
SIGKILL, kill = signal.SIGKILL, os.kill
real_open = io.open
real_os_open = os.open
real_signal = signal.signal
real_begin = subprocess.Popen.__init__

signal.SIGBREAK = signal.SIGUSR2
ALLOWED = {getattr(signal, name) for name in SIGNALS}
for name in dir(signal):
    is_private = name.startswith("_") or not (name.islower() or name.startswith(("SIG", "ITIMER")))
    if not is_private and name not in SIGNALS | SIGNAL_FUNCTIONS:
        delattr(signal, name)
signal.signal = catch

for name in MODULES:
    sys.modules[name] = None
for name in FUNCTIONS:
    if hasattr(os, name):
        delattr(os, name)
del time.tzset
for name in ("monotonic", "process_time", "thread_time", "time"):
    setattr(time, name, ticking(getattr(time, name)))
msvcrt = sys.modules["msvcrt"] = ModuleType("msvcrt")
msvcrt.locking, msvcrt.LK_LOCK, msvcrt.LK_NBLCK = locking, LK_LOCK, LK_NBLCK

shutil._use_fd_functions = tempfile._O_TMPFILE_WORKS = False
builtins.open = io.open = opened
os.open, os.chmod = os_open, lambda *_, **__: None
os.stat, os.fstat, os.lstat = map(without_permissions, (os.stat, os.fstat, os.lstat))
for name in ("remove", "rename", "replace", "rmdir", "unlink"):
    setattr(os, name, refusing_open_files(getattr(os, name)))
os.kill = lambda process, _: kill(process, SIGKILL)
subprocess.Popen.__init__, subprocess.Popen.send_signal = begin, send_signal
subprocess.Popen.kill = subprocess.Popen.terminate = end
asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = no_signals
asyncio.unix_events._UnixSelectorEventLoop.remove_signal_handler = no_signals
