"""Networks of a test's own: namespaces, joined by pairs of interfaces.

    with Nets("client", "proxy") as nets:
        nets.join("client", "10.77.1.2/24", "proxy", "10.77.1.1/24")
        with nets.inside("client"):
            s = socket.create_connection(("10.77.1.1", 1080))

A socket stays in the namespace in which it was made.
"""

import contextlib
import ctypes
import os
import subprocess
import unittest

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def enter(fd):
    """Bring this thread into a network namespace."""
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Nets:
    made = 0

    def __init__(self, *names):
        Nets.made += 1
        self.names = {n: f"sockd{os.getpid()}.{Nets.made}-{n}"
                      for n in names}
        self.links = 0
        for name in names:
            self.add(name)

    def add(self, name):
        made = subprocess.run(["ip", "netns", "add", self.names[name]],
                              capture_output=True)
        if made.returncode != 0:
            self.close()
            raise unittest.SkipTest("no network namespaces here")
        self.ip(name, "link", "set", "lo", "up")

    @staticmethod
    def run(*command, **how):
        subprocess.run(command, check=True, **how)

    def ip(self, name, *what):
        self.run("ip", "-n", self.names[name], *what)

    def exec(self, name, *command, **how):
        self.run("ip", "netns", "exec", self.names[name], *command, **how)

    def join(self, a, a_address, b, b_address):
        """A wire between two of them."""
        self.links += 1
        end = f"wire{self.links}"
        self.ip(a, "link", "add", end, "type", "veth", "peer", "name", end,
                "netns", self.names[b])
        for name, address in ((a, a_address), (b, b_address)):
            nodad = ["nodad"] if ":" in address else []
            self.ip(name, "address", "add", address, "dev", end, *nodad)
            self.ip(name, "link", "set", end, "up")

    def route(self, name, to, via):
        self.ip(name, "route", "add", to, "via", via)

    @contextlib.contextmanager
    def inside(self, name):
        """Sockets that are made here belong there."""
        with open("/proc/thread-self/ns/net") as home, \
                open(f"/run/netns/{self.names[name]}") as there:
            enter(there.fileno())
            try:
                yield
            finally:
                enter(home.fileno())

    def wrapper(self, name, directory, program):
        """A script that runs the program there."""
        path = os.path.join(directory, os.path.basename(program))
        with open(path, "w") as f:
            f.write(f"#!/bin/sh\nexec ip netns exec {self.names[name]} "
                    f"{program} \"$@\"\n")
        os.chmod(path, 0o755)
        return path

    def close(self):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
