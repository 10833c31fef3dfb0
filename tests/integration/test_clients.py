"""The programs that people point at a SOCKS server, each for real."""

import hashlib
import http.server
import os
import shutil
import subprocess
import tempfile
import threading
import unittest

from harness import IS_ROOT, SockdTest, needs, needs_ipv6, wait_until
from peers import Echo, Script

SIZE = int(os.environ.get("TEST_BIG", 1 << 30))
BLOCK = bytes(range(256)) * 4096


def digest_of(size):
    whole = hashlib.sha256()
    left = size
    while left > 0:
        whole.update(BLOCK[:left])
        left -= min(left, len(BLOCK))
    return whole.hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /n: n octets.  PUT: answers the digest of what came."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size = int(self.path[1:] or 0)
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        while size > 0:
            self.wfile.write(BLOCK[:size])
            size -= min(size, len(BLOCK))

    def do_PUT(self):
        whole = hashlib.sha256()
        left = int(self.headers["Content-Length"])
        while left > 0:
            part = self.rfile.read(min(left, 1 << 20))
            if not part:
                break
            whole.update(part)
            left -= len(part)
        said = whole.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


class Web:
    """An HTTP server on loopback."""

    def __init__(self, host="127.0.0.1"):
        kind = http.server.ThreadingHTTPServer
        if ":" in host:
            import socket
            kind = type("Six", (kind,), {"address_family": socket.AF_INET6})
        self.server = kind((host, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def run(*command, **kwargs):
    kwargs.setdefault("timeout", 110)
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, capture_output=True, **kwargs)


class ClientTest(SockdTest):
    def proxy(self):
        return f"127.0.0.1:{self.sockd.port()}"

    def check(self, done, expected):
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertIn(expected, done.stdout)


@needs("curl")
class Curl(ClientTest):
    def get(self, option, host, port, *options):
        done = run("curl", "-sS", "--noproxy", "", *options, option,
                   self.proxy(), f"http://{host}:{port}/1000")
        self.check(done, BLOCK[:1000])

    def test_each_kind(self):
        """A curl that looks localhost up itself may take ::1 first."""
        with Web() as web:
            for option in ("--socks4", "--socks4a", "--socks5",
                           "--socks5-hostname"):
                for host in ("127.0.0.1", "localhost"):
                    with self.subTest(option=option, host=host):
                        self.get(option, host, web.port, "--ipv4")

    @needs_ipv6
    def test_ipv6_target(self):
        with Web("::1") as web:
            self.get("--socks5", "[::1]", web.port)
            self.get("--socks5-hostname", "[::1]", web.port)

    def test_big_download(self):
        with Web() as web:
            p = subprocess.Popen(
                ["curl", "-sS", "--noproxy", "", "--socks5", self.proxy(),
                 f"http://127.0.0.1:{web.port}/{SIZE}"],
                stdout=subprocess.PIPE)
            whole = hashlib.sha256()
            for part in iter(lambda: p.stdout.read(1 << 20), b""):
                whole.update(part)
            self.assertEqual(p.wait(60), 0)
            p.stdout.close()
        self.assertEqual(whole.hexdigest(), digest_of(SIZE))
        self.assertGreater(self.sockd.wait_rows(1)[0]["bytes_down"], SIZE)

    def test_big_upload(self):
        with Web() as web, tempfile.NamedTemporaryFile() as f:
            left = SIZE
            while left > 0:
                f.write(BLOCK[:left])
                left -= min(left, len(BLOCK))
            f.flush()
            done = run("curl", "-sS", "--noproxy", "", "--socks5",
                       self.proxy(), "-H", "Expect:", "-T", f.name,
                       f"http://127.0.0.1:{web.port}/x")
            self.check(done, digest_of(SIZE).encode())
        self.assertGreater(self.sockd.wait_rows(1)[0]["bytes_up"], SIZE)


class Banner:
    """A server that says a line and ends."""

    def __new__(cls):
        def say(s):
            s.sendall(b"good morning\n")
            s.close()
        return Script(say)


class Others(ClientTest):
    @needs("ncat")
    def test_ncat(self):
        with Banner() as server:
            for kind in ("socks4", "socks5"):
                with self.subTest(kind=kind):
                    self.check(run("ncat", "--proxy", self.proxy(),
                                   "--proxy-type", kind, "--recv-only",
                                   "127.0.0.1", str(server.port)),
                               b"good morning")

    @needs("nc")
    def test_openbsd_nc(self):
        if b"-X" not in run("nc", "-h").stderr:
            self.skipTest("this nc is not OpenBSD's")
        with Banner() as server:
            for kind in ("4", "5"):
                with self.subTest(kind=kind):
                    self.check(run("nc", "-X", kind, "-x", self.proxy(),
                                   "127.0.0.1", str(server.port)),
                               b"good morning")

    @needs("proxychains4")
    @needs("curl")
    def test_proxychains(self):
        with Web() as web, tempfile.NamedTemporaryFile("w") as conf:
            conf.write("strict_chain\nproxy_dns\ntcp_read_time_out 15000\n"
                       "tcp_connect_time_out 8000\n[ProxyList]\n"
                       f"socks5 127.0.0.1 {self.sockd.port()}\n")
            conf.flush()
            self.check(run("proxychains4", "-q", "-f", conf.name, "curl",
                           "-sS", "--noproxy", "*",
                           f"http://127.0.0.1:{web.port}/100"), BLOCK[:100])
        self.assertTrue(self.sockd.wait_rows(1))

    @needs("wget")
    @needs("proxychains4")
    def test_wget(self):
        with Web() as web, tempfile.NamedTemporaryFile("w") as conf:
            conf.write("strict_chain\n[ProxyList]\n"
                       f"socks4 127.0.0.1 {self.sockd.port()}\n")
            conf.flush()
            self.check(run("proxychains4", "-q", "-f", conf.name, "wget",
                           "-qO-", f"http://127.0.0.1:{web.port}/100"),
                       BLOCK[:100])

    @needs("git")
    def test_git(self):
        with tempfile.TemporaryDirectory() as d:
            env = dict(os.environ, HOME=d, GIT_CONFIG_NOSYSTEM="1",
                       GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b",
                       GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b")
            for key in [k for k in env if k.lower().endswith("_proxy")]:
                del env[key]
            repo = os.path.join(d, "repo")
            self.check(run("git", "init", "-q", repo, env=env), b"")
            self.check(run("git", "-C", repo, "commit", "-q", "--allow-empty",
                           "-m", "first", env=env), b"")
            self.check(run("git", "-C", repo, "update-server-info", env=env),
                       b"")
            handler = type("Files", (
                http.server.SimpleHTTPRequestHandler,), {
                    "log_message": lambda *_: None})
            import functools
            server = http.server.ThreadingHTTPServer(
                ("127.0.0.1", 0), functools.partial(handler, directory=d))
            threading.Thread(target=server.serve_forever,
                             daemon=True).start()
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
            done = run("git", "-c", f"http.proxy=socks5h://{self.proxy()}",
                       "ls-remote", f"http://127.0.0.1:"
                       f"{server.server_port}/repo/.git", env=env)
            self.check(done, b"HEAD")
        # git makes as many connections as it likes.
        wait_until("a row", lambda: self.sockd.rows("SELECT id FROM session"))

    def test_pysocks(self):
        try:
            import socks
        except ImportError:
            self.skipTest("not installed: python3-socks")
        with Echo() as echo:
            for kind in (socks.SOCKS4, socks.SOCKS5):
                for host in ("127.0.0.1", "localhost"):
                    with self.subTest(kind=kind, host=host):
                        s = socks.socksocket()
                        s.set_proxy(kind, "127.0.0.1", self.sockd.port(),
                                    rdns=True)
                        s.connect((host, echo.port))
                        s.sendall(b"hello")
                        self.assertEqual(s.recv(5), b"hello")
                        s.close()

    @needs("ssh", "sshd", "ssh-keygen", "nc")
    def test_ssh(self):
        if not IS_ROOT:
            self.skipTest("sshd for one's own user needs root here")
        with tempfile.TemporaryDirectory() as d:
            server = self.start_sshd(d)
            done = run(
                "ssh", "-F", "none", "-i", f"{d}/client", "-p", str(server),
                "-o", f"ProxyCommand=nc -X 5 -x {self.proxy()} %h %p",
                "-o", "StrictHostKeyChecking=no",
                "-o", f"UserKnownHostsFile={d}/known",
                "-o", "BatchMode=yes", "root@127.0.0.1", "echo", "through")
            self.check(done, b"through")
        self.sockd.wait_rows(1)

    def start_sshd(self, d):
        import socket
        for name in ("host", "client"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                f"{d}/{name}")
        shutil.copy(f"{d}/client.pub", f"{d}/authorized")
        os.makedirs("/run/sshd", exist_ok=True)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        sshd = subprocess.Popen(
            [shutil.which("sshd"), "-D", "-e", "-f", "/dev/null",
             "-h", f"{d}/host", "-p", str(port),
             "-o", "ListenAddress=127.0.0.1",
             "-o", f"AuthorizedKeysFile={d}/authorized",
             "-o", "StrictModes=no", "-o", "UsePAM=no",
             "-o", "PermitRootLogin=yes", "-o", f"PidFile={d}/pid"],
            stderr=subprocess.DEVNULL)

        def end():
            sshd.terminate()
            sshd.wait()
        self.addCleanup(end)

        def answers():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        wait_until("sshd listens", answers)
        return port


if __name__ == "__main__":
    unittest.main()
