"""Processes, ports and waiting."""

import concurrent.futures
import ctypes
import fcntl
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_port_locks = []


class Failure(AssertionError):
    """The claim of the scenario is false."""


def check(holds, claim: str):
    if not holds:
        raise Failure(claim)


def wait_for(condition, claim: str, seconds: float = 10):
    """Returns the first true value of `condition`; fails if it stays false."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < deadline, f"within {seconds} s: {claim}")
        time.sleep(0.02)


def in_background(work) -> concurrent.futures.Future:
    """Runs a function on its own thread; result() waits for it and raises its exception."""
    future = concurrent.futures.Future()

    def perform():
        try:
            future.set_result(work())
        except BaseException as failure:
            future.set_exception(failure)

    threading.Thread(target=perform, daemon=True).start()
    return future


def free_port() -> int:
    """A port below the ephemeral range, reserved until this process ends.

    The lock prevents parallel scenarios from taking the same port between the check and the use.
    """
    folder = pathlib.Path(tempfile.gettempdir()) / f"postern-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    while True:
        port = random.randrange(12000, 32768)
        lock = open(folder / str(port), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as probe:
                    probe.bind((host, port))
        except OSError:
            lock.close()
            continue
        _port_locks.append(lock)
        return port


def _end_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program whose output goes to output.log in its folder."""

    def __init__(self, folder: pathlib.Path, arguments, environment=None):
        self.folder = folder
        self.log = folder / "output.log"
        self._output = open(self.log, "ab")
        self._process = subprocess.Popen(
            [str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=subprocess.STDOUT, cwd=folder, env=environment,
            preexec_fn=_end_with_parent)

    @property
    def pid(self) -> int:
        return self._process.pid

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, number: int):
        self._process.send_signal(number)

    def wait(self, seconds: float = 15) -> int:
        return self._process.wait(seconds)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 15) -> int:
        """Ends it by SIGTERM, then by SIGKILL; returns the exit code."""
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._output.close()
        return self._process.returncode
