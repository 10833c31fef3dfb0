"""The servers that are measured: how each is run, on a free port of loopback.

A server is started for one measurement and ended after it, so none works
among the leftovers of another.
"""

import contextlib
import getpass
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import memory
import private
import sockd_conf

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE_S = 10

DANTE = f"danted -f {{file:{HERE}/danted.conf.template}}"
MICROSOCKS = "microsocks -i 127.0.0.1 -p {port}"

# Found on the machine: without a login, and with one.  (microsocks compares
# with the one user it is given; Dante asks crypt(3).)
PEERS = {
    "danted": (DANTE, DANTE),
    "microsocks": (MICROSOCKS, MICROSOCKS + " -u {user} -P {password}"),
}


class Unable(Exception):
    """This server cannot do what the row asks; why."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Unable(f"ended with status {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    raise Unable(f"nobody listens after {PATIENCE_S} s")


class Direct:
    """No server: the load goes straight to its target."""

    name = "direct"
    has_login = False

    @contextlib.contextmanager
    def running(self, login=False, cpus=None, **_):
        yield Running(None, None, login, cpus)


class Peer:
    """Another server, by its command line."""

    def __init__(self, name, command, login=None):
        self.name = name
        self.command = command
        self.login = login
        self.has_login = login is not None

    @contextlib.contextmanager
    def running(self, login=False, cpus=None, **_):
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            port = free_port()
            words = self.words(login, port, directory)
            with run(words, port, login, cpus, directory) as running:
                yield running

    def words(self, login, port, directory):
        values = {"port": port, "user": private.USER, "me": getpass.getuser(),
                  "password": private.PASSWORD,
                  "method": "username" if login else "none"}
        command = self.login if login else self.command
        return [fill(word, values, directory)
                for word in shlex.split(command)]


def fill(word, values, directory):
    """Put values in for {key}; {file:PATH} is PATH, so filled, as a file."""
    def as_file(match):
        path = os.path.join(directory, os.path.basename(match.group(1)))
        with open(match.group(1)) as template, open(path, "w") as f:
            f.write(fill(template.read(), values, directory))
        return path

    word = re.sub(r"\{file:([^}]+)\}", as_file, word)
    for key, value in values.items():
        word = word.replace("{" + key + "}", str(value))
    return word


class Sockd:
    """The daemon, its ledger on and written to a disk, its board in memory."""

    name = "sockd"

    def __init__(self, program, log_level, has_login):
        self.program = program
        self.log_level = log_level
        self.has_login = has_login

    @contextlib.contextmanager
    def running(self, login=False, cpus=None, principals=0, **changes):
        home = sockd_conf.Home(self.log_level)
        try:
            if principals:
                port = home.write(free_port(), **changes)
                with run(self.words(home), port, False, None, home.state):
                    pass
                home.know(principals)
            port = home.write(free_port(), login=login, **changes)
            with run(self.words(home), port, login, cpus, home.state) as r:
                yield r
        finally:
            home.remove()

    def words(self, home):
        return [self.program, "-f", home.config]


class Running:
    """A server that runs: where it is, and its processes."""

    def __init__(self, process, port, login, cpus, group=None):
        self.process = process
        self.port = port
        self.login = login
        self.cpus = cpus
        self.group = group

    def options(self):
        """What the load generator is to know of it."""
        words = [f"server=127.0.0.1:{self.port}"] if self.port else []
        if self.login:
            words += [f"user={private.USER}", f"password={private.PASSWORD}"]
        return words

    def pids(self):
        return memory.tree(self.process.pid) if self.process else []


@contextlib.contextmanager
def run(words, port, login, cpus, directory):
    """Start it, wait until it listens; end it and whatever it began."""
    group = memory.Group()

    def before_exec():
        group.enter()
        if cpus:
            os.sched_setaffinity(0, cpus)

    process = subprocess.Popen(
        words, cwd=directory, preexec_fn=before_exec, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield Running(process, port, login, cpus, group)
    finally:
        end(process)
        group.remove()


def end(process):
    pids = memory.tree(process.pid)
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in pids[1:]:
        with contextlib.suppress(OSError):
            if os.getsid(pid) == process.pid:
                os.kill(pid, signal.SIGKILL)


def every(sockd, peers, logins):
    """All servers that are here, direct first and sockd last."""
    found = [Direct()]
    for name, (command, login) in PEERS.items():
        if shutil.which(command.split()[0]):
            found.append(Peer(name, command, login))
    for name, command in peers.items():
        found.append(Peer(name, command, logins.get(name)))
    return found + [sockd]
