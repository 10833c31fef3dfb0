"""A name server of the test's own, and a sockd that asks it.

sockd runs in a mount namespace in which /etc/resolv.conf names an address of
loopback where a thread answers as the first label of a name says.
"""

import os
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

from harness import SockdTest, needs, needs_root, wait_until


class NameServer:
    """UDP only.  FIRST-LABEL.test: ok, slow (1 s), hang, none, fail, many;
    AAAA questions are answered with nothing."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wait_until("port 53 of some address is free", self.bind)
        self.asked = []
        self.socket.settimeout(0.05)
        self.open = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def bind(self):
        self.address = "127.%d.%d.%d" % tuple(
            random.randint(1, 254) for _ in range(3))
        try:
            self.socket.bind((self.address, 53))
        except OSError:
            return False
        return True

    def run(self):
        while self.open:
            try:
                question, peer = self.socket.recvfrom(1500)
            except TimeoutError:
                continue
            threading.Thread(target=self.answer, args=(question, peer),
                             daemon=True).start()

    def answer(self, question, peer):
        end, labels = 12, []
        while question[end]:
            labels.append(question[end + 1:end + 1 + question[end]].decode())
            end += 1 + question[end]
        kind, = struct.unpack("!H", question[end + 1:end + 3])
        act = labels[0].rstrip("0123456789").lower()
        self.asked.append(".".join(labels))
        if act == "hang":
            return
        if act == "slow":
            time.sleep(1)
        addresses = {"many": [f"127.0.0.{i}" for i in range(1, 31)],
                     "none": [], "fail": []}.get(act, ["127.0.0.1"])
        if kind != 1:
            addresses = []
        rcode = {"none": 3, "fail": 2}.get(act, 0)
        reply = question[:2] + struct.pack("!HHHHH", 0x8180 | rcode, 1,
                                           len(addresses), 0, 0)
        reply += question[12:end + 5]
        for a in addresses:
            reply += b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + \
                socket.inet_aton(a)
        try:
            self.socket.sendto(reply, peer)
        except OSError:
            pass

    def close(self):
        self.open = False
        self.thread.join()
        self.socket.close()


@needs_root
@needs("unshare", "mount")
class NameServerTest(SockdTest):
    """self.server is the name server."""

    CONFIG = {"resolver": {"timeout": "4s", "helpers": 1, "helpers_max": 32}}

    def setUp(self):
        self.own = tempfile.mkdtemp(prefix="sockd-resolv-")
        self.addCleanup(shutil.rmtree, self.own, ignore_errors=True)
        os.chmod(self.own, 0o755)
        self.server = NameServer()
        self.addCleanup(self.server.close)
        self.use_server(self.server.address)
        self.wrap_sockd()
        super().setUp()

    def path(self, name):
        return os.path.join(self.own, name)

    def use_server(self, *addresses, options="timeout:30 attempts:3"):
        """Written in place: it is a mount."""
        with open(self.path("resolv.conf"), "w") as f:
            f.writelines(f"nameserver {a}\n" for a in addresses)
            f.write(f"options {options}\n")

    def wrap_sockd(self):
        sockd = os.environ["SOCKD"]
        self.addCleanup(os.environ.__setitem__, "SOCKD", sockd)
        with open(self.path("nsswitch.conf"), "w") as f:
            f.write("passwd: files\ngroup: files\nhosts: files dns\n")
        with open(self.path("sockd"), "w") as f:
            f.write("#!/bin/sh\nexec unshare -m sh -c '"
                    f"mount --bind {self.own}/resolv.conf /etc/resolv.conf &&"
                    f" mount --bind {self.own}/nsswitch.conf "
                    "/etc/nsswitch.conf && "
                    f"exec {sockd} \"$@\"' sockd \"$@\"\n")
        os.chmod(self.path("sockd"), 0o755)
        probe = subprocess.run(["unshare", "-m", "mount", "--bind",
                                self.path("resolv.conf"), "/etc/resolv.conf"],
                               stderr=subprocess.DEVNULL)
        if probe.returncode != 0:
            self.skipTest("no mount namespaces here")
        os.environ["SOCKD"] = self.path("sockd")
