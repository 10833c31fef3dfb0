"""A sockd that a service manager started, played as sd_notify(3) and
sd_listen_fds(3) say."""

import fcntl
import os
import socket
import subprocess

from harness import LISTEN, Sockd, SockdTest, is_built_with

FIRST_FD = 3			# SD_LISTEN_FDS_START


class Managed(Sockd):
    """Started by a service manager, which passes it these sockets."""

    def __init__(self, *args, passed=(), **changes):
        super().__init__(*args, **changes)
        self.passed = passed
        self.address = os.path.join(self.dir, "notify")
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.settimeout(20)
        self.told.bind(self.address)
        os.chmod(self.address, 0o666)

    def spawn(self, *options):
        """By way of a shell: LISTEN_PID is to be its own."""
        n = len(self.passed)
        script = f"LISTEN_PID=$$ LISTEN_FDS={n} exec \"$@\"" if n else \
            'exec "$@"'
        self.process = subprocess.Popen(
            ["sh", "-c", script, "sh", os.environ["SOCKD"], "-f", self.config,
             *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(os.path.join(self.dir, "stderr"), "a"),
            env={**os.environ, "NOTIFY_SOCKET": self.address},
            preexec_fn=self.put_in_place, close_fds=False,
            start_new_session=True)
        return self

    def put_in_place(self):
        """One may stand where another is to be."""
        beyond = FIRST_FD + len(self.passed)
        copies = [fcntl.fcntl(s, fcntl.F_DUPFD_CLOEXEC, beyond)
                  for s in self.passed]
        for i, copy in enumerate(copies):
            os.dup2(copy, FIRST_FD + i)

    def next_word(self):
        return self.told.recv(1000).decode().splitlines()

    def close(self):
        try:
            super().close()
        finally:
            self.told.close()


class ServiceTest(SockdTest):
    def setUp(self):
        if not is_built_with("HAVE_SYSTEMD"):
            self.skipTest("built without libsystemd")

    def managed(self, *args, **more):
        self.sockd = Managed(*args, **more)
        self.addCleanup(self._finish)
        return self.sockd

    def listener(self):
        """What the manager listens on, and the section that names it."""
        s = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(s.close)
        port = s.getsockname()[1]
        return s, LISTEN.replace("port = 0", f"port = {port}")
