"""Runs: datagrams of one size that the kernel carries as one message.

Where an end sends so (UDP_SEGMENT), the relay is handed them in one piece.
They are datagrams all the same: each has its own header, target and fate,
and each is paid for by itself.
"""

import os
import re
import signal
import socket
import time
import unittest

from associations import AssociationTest, sealed, unseal
from harness import PASS_ALL, needs_ipv6, wait_until
from peers import UdpEcho, UdpServer
from wire import header5

UDP_SEGMENT = 103		# linux/udp.h; socket names it from 3.13 on
SIZE = 300


def cut(s, size):
    """What is sent at once is cut into datagrams of this size."""
    s.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)


def can_cut():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            cut(s, SIZE)
        except OSError:
            return False
    return True


class Answers(UdpServer):
    """Answers each datagram with a run; the last one of it is shorter."""

    def __init__(self, payloads):
        self.payloads = payloads
        super().__init__()
        cut(self.socket, len(payloads[0]))

    def answer(self, data, peer):
        self.socket.sendto(b"".join(self.payloads), peer)


@unittest.skipUnless(can_cut(), "this kernel has no UDP_SEGMENT")
class RunTest(AssociationTest):
    def associate(self, to="127.0.0.1"):
        a = super().associate()
        cut(a.socket, len(header5(to, 0)) + len(sealed(0, SIZE)))
        return a

    def send_run(self, a, payloads, targets):
        """Datagrams to these targets in turn, as one."""
        a.socket.send(b"".join(
            header5(*targets[i % len(targets)].address) + payload
            for i, payload in enumerate(payloads)))

    def row_of(self, a):
        a.close()
        return self.sockd.wait_rows(1)[0]


def run(n):
    """Payloads that tell their number; the last one is shorter."""
    return [sealed(i, SIZE) for i in range(n - 1)] + [sealed(n - 1, 7)]


class Up(RunTest):
    N = 60

    def test_each_goes_to_its_own_target(self):
        sinks = [self.server(UdpServer) for _ in range(3)]
        payloads = run(self.N)
        a = self.associate()
        self.send_run(a, payloads, sinks)
        wait_until("all have come", lambda: sum(
            len(s.received) for s in sinks) == self.N)
        for i, sink in enumerate(sinks):
            self.assertEqual([data for data, _ in sink.received],
                             payloads[i::3])
        row = self.row_of(a)
        self.assertEqual((row["datagrams_up"], row["bytes_up"]),
                         (self.N, sum(map(len, payloads))))

    def test_what_is_wrong_with_one_ends_that_one(self):
        sink = self.server(UdpServer)
        header, payloads = header5(*sink.address), run(self.N)
        a = self.associate()
        a.socket.send(b"".join(
            (b"\1\1\1" + header[3:] if i % 2 else header) + payload
            for i, payload in enumerate(payloads)))
        wait_until("every other one has come",
                   lambda: len(sink.received) == self.N // 2)
        self.assertEqual([data for data, _ in sink.received], payloads[::2])
        self.assertEqual(self.row_of(a)["datagrams_up"], self.N // 2)
        self.sockd.wait_line(f"malformed={self.N // 2} ")

    def test_several_runs_at_once(self):
        """Found together, they are more than an outbox holds."""
        sink = self.server(UdpServer)
        payloads = run(self.N)
        a = self.associate()
        self.send_run(a, payloads, [sink])
        wait_until("the relay works", lambda: len(sink.received) == self.N)
        workers = self.sockd.children("worker")
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        for _ in range(5):
            self.send_run(a, payloads, [sink])
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        wait_until("all have come",
                   lambda: len(sink.received) == 6 * self.N)
        self.assertEqual([data for data, _ in sink.received], 6 * payloads)
        self.assertEqual(self.row_of(a)["datagrams_up"], 6 * self.N)

    def test_one_after_another(self):
        echo = self.server(UdpEcho)
        a = self.associate()
        for _ in range(50):
            self.send_run(a, run(self.N), [echo])
            numbers = [unseal(a.receive()[1]) for _ in range(self.N)]
            self.assertEqual(numbers, list(range(self.N)))
        row = self.row_of(a)
        self.assertEqual((row["datagrams_up"], row["datagrams_down"]),
                         (50 * self.N, 50 * self.N))


class OtherWays(RunTest):
    RULES = 'rule "from nine" { action = "pass" to = { "127.0.0.2" } ' \
        'source = { "127.0.0.9" } }\n' + PASS_ALL
    N = 60

    def there_and_back(self, echo):
        a = self.associate(echo.address[0])
        self.send_run(a, run(self.N), [echo])
        numbers = [unseal(a.receive()[1]) for _ in range(self.N)]
        self.assertEqual(numbers, list(range(self.N)))
        row = self.row_of(a)
        self.assertEqual((row["datagrams_up"], row["datagrams_down"]),
                         (self.N, self.N))

    @needs_ipv6
    def test_ipv6(self):
        self.there_and_back(self.server(UdpEcho, "::1"))

    def test_from_the_source_of_a_rule(self):
        echo = self.server(UdpEcho, "127.0.0.2")
        self.there_and_back(echo)
        self.assertEqual({peer[0] for _, peer in echo.received},
                         {"127.0.0.9"})


class Down(RunTest):
    N = 60

    def test_each_has_its_header(self):
        payloads = run(self.N)
        servers = [self.server(lambda: Answers(payloads)) for _ in range(2)]
        a = self.associate()
        for server in servers:
            a.socket.send(header5(*server.address) + b"?")
        came = [a.receive() for _ in range(2 * self.N)]
        for server in servers:
            self.assertEqual([data for source, data in came
                              if source == server.address], payloads)
        row = self.row_of(a)
        self.assertEqual((row["datagrams_down"], row["bytes_down"]),
                         (2 * self.N, 2 * sum(map(len, payloads))))


class Shaped(RunTest):
    """A run that must wait goes on where it was, in both directions."""

    RULES = PASS_ALL + 'limit "slow" { rate_up = "64kB" rate_down = "64kB" }\n'
    N = 50

    def test_none_is_lost(self):
        echo = self.server(UdpEcho)
        a = self.associate()
        began = time.monotonic()
        for _ in range(5):
            self.send_run(a, run(self.N), [echo])
        numbers = [unseal(a.receive()[1]) for _ in range(5 * self.N)]
        self.assertEqual(numbers, 5 * list(range(self.N)))
        # some 79,000 octets at 64,000 a second, less what was saved up
        self.assertGreater(time.monotonic() - began, 0.9)
        row = self.row_of(a)
        self.assertEqual((row["datagrams_up"], row["datagrams_down"]),
                         (5 * self.N, 5 * self.N))


class ShapedForLong(RunTest):
    """A client whose datagrams still wait in the socket is not idle."""

    RULES = PASS_ALL + 'limit "slow" { rate_up = "32kB" }\n'
    N = 10

    def parked(self):
        self.sockd.mark()
        self.sockd.signal(signal.SIGUSR1)
        line, = wait_until("a status", lambda: self.sockd.new_lines(
            "status kind=tunnel "))
        return int(re.search(r" parked=(\d+)", line)[1])

    def test_it_is_not_parked(self):
        sink = self.server(UdpServer)
        a = self.associate()
        # The relay takes 32 messages at once, and needs 3 s for them.
        for _ in range(40):
            self.send_run(a, run(self.N), [sink])
        wait_until("it has come back for the rest",
                   lambda: len(sink.received) > 34 * self.N)
        self.assertEqual(self.parked(), 0)
        wait_until("all have come",
                   lambda: len(sink.received) == 40 * self.N)


class Quota(RunTest):
    """The bound over a quota is one datagram, not one run."""

    RULES = PASS_ALL + 'limit "all" { bytes = { "5000B/day" } }\n'

    def test_it_ends_within_a_run(self):
        sink = self.server(UdpServer)
        a = self.associate()
        self.send_run(a, run(60), [sink])
        self.assertEqual(a.control.recv(1), b"")
        row = self.row_of(a)
        size = len(sealed(0, SIZE))
        self.assertEqual(row["outcome"], "quota")
        self.assertEqual(row["bytes_up"], -(-5000 // size) * size)
        wait_until("what was paid for has come",
                   lambda: len(sink.received) == row["datagrams_up"])


if __name__ == "__main__":
    unittest.main()
