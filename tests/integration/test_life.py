"""Stop, and what may die: every process, and the others go on."""

import os
import signal
import subprocess
import threading
import time
import unittest

from harness import SockdTest, comm, is_built_with, needs_root, wait_until
from peers import Echo, Source
from wire import open_proxy, receive_exactly, receive_rest, socks5

SERVERS = ("worker", "keeper", "auth", "resolver", "account")


class Pump(threading.Thread):
    """A client that reads from a source until the end; counts."""

    def __init__(self, port, target):
        super().__init__(daemon=True)
        self.socket = socks5(port, target).socket
        self.local = self.socket.getsockname()[1]
        self.octets = 0
        self.ending = False
        self.start()

    def run(self):
        try:
            while not self.ending:
                data = self.socket.recv(1 << 16)
                if not data:
                    return
                self.octets += len(data)
        except OSError:
            pass

    def close(self):
        """After shutdown(2) the kernel opens a closed window to nobody, and
        answers no probe for a minute."""
        self.ending = True
        self.join(20)
        self.socket.close()


class Processes(SockdTest):
    def test_every_kind_is_there_under_its_name(self):
        wait_until("all kinds", lambda: all(self.sockd.children(k)
                                            for k in SERVERS))
        self.assertEqual(comm(self.sockd.pid), "sockd-master")

    @staticmethod
    def rights_of(pid):
        """What it may still do; a process gives it up before it serves."""
        with open(f"/proc/{pid}/status") as f:
            status = dict(line.split(":", 1) for line in f)
        return [key for key, some in (
            ("Uid", "0" in status["Uid"].split()),
            ("Gid", "0" in status["Gid"].split()),
            ("Groups", status["Groups"].strip() != ""),
            ("NoNewPrivs", status["NoNewPrivs"].strip() != "1")) if some]

    @needs_root
    def test_root_is_given_up(self):
        wait_until("all kinds", lambda: all(self.sockd.children(k)
                                            for k in SERVERS))
        for kind in ("worker", "keeper", "resolver", "account"):
            for pid in self.sockd.children(kind):
                wait_until(f"the {kind} has no rights left",
                           lambda: self.rights_of(pid) == [])

    def test_workers_are_confined(self):
        with open("/proc/self/status") as f:
            if "Seccomp:" not in f.read():
                self.skipTest("no seccomp in this kernel")
        if not is_built_with("HAVE_SECCOMP"):
            self.skipTest("built without seccomp")
        if is_built_with("SOCKD_SANITIZERS"):
            self.skipTest("a build with sanitizers has no filter")
        for pid in wait_until("there are workers",
                              lambda: self.sockd.children("worker")):
            def filtered():
                with open(f"/proc/{pid}/status") as f:
                    return "Seccomp:\t2" in f.read()
            wait_until("the filter is in force", filtered)

    def test_usr1_writes_one_status_line_a_kind(self):
        self.sockd.signal(signal.SIGUSR1)
        for kind in ("master",) + SERVERS:
            self.sockd.wait_line(f"status kind={kind} ")

    def test_directories_belong_to_who_they_should(self):
        self.sockd.wait_line("started")
        self.assertEqual(os.stat(self.sockd.run).st_mode & 0o777, 0o755)
        self.assertEqual(os.stat(self.sockd.state).st_mode & 0o777, 0o750)
        board = os.path.join(self.sockd.run, "board")
        self.assertEqual(os.stat(board).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(board).st_uid, os.geteuid())


class Deaths(SockdTest):
    def setUp(self):
        super().setUp()
        self.source = Source()
        self.addCleanup(self.source.close)

    def pumps(self, n):
        found = []
        for _ in range(n):
            pump = Pump(self.sockd.port(), self.source.address)
            self.addCleanup(pump.close)
            found.append(pump)
        for pump in found:
            wait_until("octets move", lambda: pump.octets > 0)
        return found

    def check_still_serves(self):
        with Echo() as echo:
            with socks5(self.sockd.port(), echo.address) as s:
                s.sendall(b"x")
                self.assertEqual(receive_exactly(s, 1), b"x")

    def kill_one(self, kind):
        pid = wait_until(f"a {kind}", lambda: self.sockd.children(kind))[0]
        os.kill(pid, signal.SIGKILL)
        wait_until(f"another {kind}",
                   lambda: [p for p in self.sockd.children(kind)
                            if p != pid])
        wait_until("the dead one is gone",
                   lambda: pid not in self.sockd.children(kind))

    @needs_root		# others may not see the descriptors of a worker
    def test_a_killed_worker_loses_its_client_only(self):
        pumps = self.pumps(3)
        busy = wait_until("its worker", lambda: [
            p for p in self.sockd.children("worker")
            if self.holds(p, pumps[0].local)])
        os.kill(busy[0], signal.SIGKILL)
        pumps[0].join(20)
        self.assertFalse(pumps[0].is_alive())
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "lost")
        self.assertGreaterEqual(row["bytes_down"], pumps[0].octets)
        before = pumps[1].octets
        wait_until("the others go on", lambda: pumps[1].octets > before)
        self.check_still_serves()

    def holds(self, pid, port):
        """Does this process have the connection from our port?"""
        inodes = set()
        with open("/proc/net/tcp") as f:
            for line in f.readlines()[1:]:
                words = line.split()
                if words[2].endswith(f":{port:04X}"):
                    inodes.add(f"socket:[{words[9]}]")
        try:
            return any(os.readlink(f"/proc/{pid}/fd/{fd}") in inodes
                       for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return False

    def test_helpers_and_accountant_come_back(self):
        pumps = self.pumps(2)
        for kind in ("auth", "resolver", "account", "keeper"):
            with self.subTest(kind=kind):
                self.kill_one(kind)
                self.check_still_serves()
                before = pumps[0].octets
                wait_until("sessions go on",
                           lambda: pumps[0].octets > before)
        for pump in pumps:
            pump.close()
        rows = self.sockd.wait_rows(2 + 4)
        self.assertEqual(len({r["id"] for r in rows}), len(rows))

    def test_a_killed_master_takes_all_with_it(self):
        pumps = self.pumps(5)
        self.sockd.kill()
        for pump in pumps:
            pump.join(20)
            self.assertFalse(pump.is_alive())
        self.sockd.start()
        rows = self.sockd.wait_rows(5)
        self.assertEqual({r["outcome"] for r in rows}, {"lost"})
        got = {p.local: p.octets for p in pumps}
        for row in rows:
            self.assertGreaterEqual(row["bytes_down"],
                                    got[row["client_port"]])

    def test_an_interrupted_import_is_resumed(self):
        """A start that was killed between two names of the board."""
        pumps = self.pumps(3)
        self.sockd.kill()
        for pump in pumps:
            pump.join(20)
        board = os.path.join(self.sockd.run, "board")
        os.rename(board, board + ".last")
        self.sockd.start()
        rows = self.sockd.wait_rows(3)
        self.assertEqual({r["outcome"] for r in rows}, {"lost"})
        self.assertFalse(os.path.exists(board + ".last"))

    @needs_root
    def test_a_small_run_dir_serves_as_many_after_a_kill(self):
        """There is room for one board, and not for the last one too."""
        board = os.path.join(self.sockd.run, "board")
        self.sockd.stop()
        self.sockd.configure(sessions={"max": 4096})
        self.sockd.start()
        size = os.path.getsize(board)
        self.sockd.stop()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size="
                           f"{size * 3 // 2}", "none",
                           self.sockd.run]).returncode != 0:
            self.skipTest("tmpfs cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.sockd.run])
        self.sockd.start()
        pumps = self.pumps(3)
        self.sockd.kill()
        for pump in pumps:
            pump.join(20)
        self.sockd.start()
        rows = self.sockd.wait_rows(3)
        self.assertEqual({r["outcome"] for r in rows}, {"lost"})
        self.assertEqual(os.path.getsize(board), size)
        self.assertNotIn("board small", self.sockd.stderr())

    def test_all_killed_at_once(self):
        pumps = self.pumps(5)
        everybody = [self.sockd.pid] + self.sockd.children()
        for pid in everybody:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.sockd.process.wait()
        for pump in pumps:
            pump.join(20)
        self.sockd.start()
        rows = self.sockd.wait_rows(5)
        self.assertEqual({r["outcome"] for r in rows}, {"lost"})
        self.check_still_serves()
        self.sockd.wait_rows(6)


class Stop(SockdTest):
    CONFIG = {"timeouts": {"stop": "60s"}}

    def test_sessions_finish(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            s.sendall(b"a")
            receive_exactly(s, 1)
            self.sockd.signal(signal.SIGTERM)
            self.sockd.wait_line("stopping")
            s.sendall(b"b")
            self.assertEqual(receive_exactly(s, 1), b"b")
            with self.assertRaises(OSError):
                socks5(self.sockd.port(), echo.address)
            s.socket.close()
            self.assertEqual(self.sockd.process.wait(20), 0)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"],
                         "client-closed")
        self.assertFalse(os.path.exists(os.path.join(self.sockd.run,
                                                     "board")))

    def test_a_second_signal_cuts(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            s.sendall(b"a")
            receive_exactly(s, 1)
            self.sockd.signal(signal.SIGTERM)
            self.sockd.wait_line("stopping")
            self.sockd.signal(signal.SIGTERM)
            self.assertEqual(self.sockd.process.wait(20), 0)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "stopped")


class StopDeadline(SockdTest):
    CONFIG = {"timeouts": {"stop": "300ms"}}

    def test_sessions_are_cut_at_the_deadline(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            s.sendall(b"a")
            receive_exactly(s, 1)
            self.assertEqual(self.sockd.stop(), 0)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "stopped")


class BetweenSweeps(SockdTest):
    """Sessions that have ended, and an accountant that is not due for an
    hour."""
    CONFIG = {"accounting": {"interval": "1h"}}

    def test_a_stop_does_not_wait_for_it(self):
        with Echo() as echo:
            for _ in range(10):
                with socks5(self.sockd.port(), echo.address) as s:
                    s.sendall(b"a")
                    receive_exactly(s, 1)
        began = time.monotonic()
        self.assertEqual(self.sockd.stop(), 0)
        self.assertLess(time.monotonic() - began, 4)
        self.sockd.wait_rows(10)

    def test_a_stop_does_not_wait_for_more_refusals_of_this_minute(self):
        for _ in range(15):
            with open_proxy(self.sockd.port()) as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                receive_rest(s)
        began = time.monotonic()
        self.assertEqual(self.sockd.stop(), 0)
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual(self.sockd.lines("board kept"), [])
        rows = self.sockd.rows("SELECT repeats FROM session")
        self.assertEqual(sum(1 + r["repeats"] for r in rows), 15)


if __name__ == "__main__":
    unittest.main()
