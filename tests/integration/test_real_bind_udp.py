"""Real programs that use BIND and UDP ASSOCIATE: Dante's client library under
an FTP client in active mode and a DNS client, and PySocks.

The DNS client is drill: dig sends with sendmmsg(2), which Dante's library
(1.4) does not know, so that what dig says never has a header.
"""

import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import IS_ROOT, NOBODY, SockdTest, needs, wait_until
from peers import UdpEcho
from wire import open_proxy

FILE = bytes(range(256)) * 2000


def is_free(port):
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(type=kind) as s:
                s.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def free_port():
    """Below those that the kernel gives to connections meanwhile."""
    return next(filter(is_free, iter(
        lambda: random.randrange(10000, 32000), None)))


class Program:
    """A server in a directory of its own, until the test ends."""

    def __init__(self, test, command, answers):
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr,
            stderr=sys.stderr)
        test.addCleanup(self.stop)
        wait_until(command[0] + " answers", answers)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class RealTest(SockdTest):
    def setUp(self):
        super().setUp()
        self.own = tempfile.mkdtemp(prefix="sockd-real-")
        self.addCleanup(shutil.rmtree, self.own, ignore_errors=True)
        os.chmod(self.own, 0o755)

    def write(self, name, text):
        path = os.path.join(self.own, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def socksify(self, *command, version=5, timeout_s=60):
        """Run a program under Dante's library; what it says."""
        conf = self.write("socks.conf", f"""
route {{
	from: 0.0.0.0/0 to: 0.0.0.0/0 via: 127.0.0.1 port = {self.sockd.port()}
	proxyprotocol: socks_v{version}
	protocol: tcp {"udp" if version == 5 else ""}
	command: bind connect {"udpassociate" if version == 5 else ""}
	method: none
}}
""")
        done = subprocess.run(
            ["socksify", *command],
            env={**os.environ, "SOCKS_CONF": conf,
                 "SOCKS_AUTOADD_LANROUTES": "no"},
            capture_output=True, timeout=timeout_s)
        print(done.stderr.decode(errors="replace"), file=sys.stderr)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout


@needs("socksify", "vsftpd", "curl")
class ActiveFtp(RealTest):
    """BIND: the server connects back to the client, through sockd."""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        root = os.path.join(self.own, "ftp")
        os.mkdir(root)
        with open(os.path.join(root, "file"), "wb") as f:
            f.write(FILE)
        os.chmod(root, 0o555)
        empty = os.path.join(self.own, "empty")
        os.mkdir(empty)
        conf = self.write("vsftpd.conf", f"""
listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={self.port}
background=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
pasv_enable=NO
port_enable=YES
port_promiscuous=NO
connect_from_port_20=NO
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
anon_root={root}
secure_chroot_dir={empty}
ftp_username={"daemon" if IS_ROOT else NOBODY}
nopriv_user={NOBODY}
{"" if IS_ROOT else "run_as_launching_user=YES"}
""")
        self.start = Program(self, [shutil.which("vsftpd"), conf],
                             self.answers)

    def answers(self):
        try:
            with open_proxy(("127.0.0.1", self.port)) as s:
                return s.recv(100).startswith(b"220")
        except OSError:
            return False

    def fetch(self, version):
        got = self.socksify(
            "curl", "-sS", "--disable-eprt", "--ftp-port", "-",
            f"ftp://127.0.0.1:{self.port}/file", version=version)
        self.assertEqual(got, FILE)
        rows = self.sockd.wait_rows(2)
        by_command = {r["command"]: r for r in rows}
        bind = by_command["bind"]
        self.assertEqual((bind["reply"], bind["target_addr"],
                          bind["bytes_down"], bind["protocol"]),
                         (0, "127.0.0.1", len(FILE), f"socks{version}"))

    def test_socks5(self):
        self.fetch(5)

    def test_socks4(self):
        self.fetch(4)


@needs("socksify", "drill", "dnsmasq")
class Dns(RealTest):
    """UDP: a real client of a real name server."""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.server = Program(self, [
            shutil.which("dnsmasq"), "--keep-in-foreground", "--no-hosts",
            "--no-resolv", "--conf-file=/dev/null", "--bind-interfaces",
            "--listen-address=127.0.0.1", f"--port={self.port}",
            f"--user={pwd.getpwuid(os.geteuid()).pw_name}",
            f"--pid-file={self.own}/pid",
            "--address=/host.test/192.0.2.7",
            "--txt-record=long.test," + "x" * 250], self.answers)

    def answers(self):
        done = subprocess.run(
            ["drill", "-p", str(self.port), "host.test", "@127.0.0.1"],
            capture_output=True)
        return b"192.0.2.7" in done.stdout

    def drill(self, name, kind="A"):
        return self.socksify("drill", "-p", str(self.port), name,
                             "@127.0.0.1", kind)

    def test_it_answers(self):
        self.assertIn(b"192.0.2.7", self.drill("host.test"))
        row, = self.sockd.wait_rows(1)
        self.assertEqual((row["command"], row["target_addr"],
                          row["target_port"], row["datagrams_up"],
                          row["datagrams_down"]),
                         ("udp", "127.0.0.1", self.port, 1, 1))

    def test_many(self):
        for i in range(10):
            self.assertIn(b"192.0.2.7", self.drill(f"h{i}.host.test"))
        self.assertIn(b"xxxx", self.drill("long.test", "TXT"))


def python_socks():
    """PySocks, or a skip."""
    try:
        import socks
        return socks
    except ImportError:
        raise unittest.SkipTest("not installed: python3-socks")


class PySocks(RealTest):
    def test_udp(self):
        socks = python_socks()
        with UdpEcho() as echo:
            s = socks.socksocket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(s.close)
            s.settimeout(20)
            s.set_proxy(socks.SOCKS5, "127.0.0.1", self.sockd.port())
            for i in range(100):
                s.sendto(b"%d" % i, echo.address)
                data, peer = s.recvfrom(100)
                self.assertEqual((data, peer), (b"%d" % i, echo.address))
            s.sendto(b"by name", ("localhost", echo.port))
            self.assertEqual(s.recvfrom(100)[0], b"by name")


if __name__ == "__main__":
    unittest.main()
