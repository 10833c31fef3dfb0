"""The relay: full duplex, both ends, resets, urgent octets, deadlines."""

import hashlib
import os
import select
import socket
import threading
import time

from harness import PASS_ALL, SockdTest, wait_until
from peers import Echo, Script, Silent, Sink, Source
from wire import (CONNECT, address5, open_proxy, receive_all,
                  receive_exactly, reset, socks5)

MIB = 1 << 20


def ends_by_reset(s):
    """Does the stream end with a reset?"""
    try:
        while s.recv(1 << 16):
            pass
    except ConnectionResetError:
        return True
    return False


def fill(s):
    """Send until nothing more is taken for half a second."""
    s.setblocking(False)
    idle = time.monotonic()
    while time.monotonic() - idle < 0.5:
        try:
            s.send(bytes(1 << 16))
            idle = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    s.setblocking(True)


def send_random(s, size, digest):
    """Send size octets that no relay can guess, and half-close."""
    block = os.urandom(1 << 18)
    sent = 0
    while sent < size:
        part = block[:size - sent]
        s.sendall(part)
        digest.update(part)
        sent += len(part)
        block = block[1:] + block[:1]
    s.shutdown(socket.SHUT_WR)


def receive_digest(s):
    digest, octets = hashlib.sha256(), 0
    while True:
        part = s.recv(1 << 18)
        if not part:
            return digest.hexdigest(), octets
        digest.update(part)
        octets += len(part)


class Streams(SockdTest):
    def test_both_write_64_mib_at_once(self):
        """The far side reads nothing before it has written all: a relay
        that copies one way at a time would stand still."""
        size = 64 * MIB
        done = {}

        def far(s):
            sent = hashlib.sha256()
            send_random(s, size, sent)
            done["far"] = (receive_digest(s), sent.hexdigest())

        def write_all(s, sent):
            s.settimeout(60)
            send_random(s, size, sent)

        with Script(far) as target, \
                socks5(self.sockd.port(), target.address) as s:
            sent = hashlib.sha256()
            writer = threading.Thread(target=write_all, args=(s, sent))
            writer.start()
            got, octets = receive_digest(s)
            writer.join(60)
            wait_until("the far side is done", lambda: "far" in done, 60)
            self.assertEqual(octets, size)
            (far_got, far_octets), far_sent = done["far"]
            self.assertEqual(got, far_sent)
            self.assertEqual((far_got, far_octets),
                             (sent.hexdigest(), size))
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual((row["bytes_up"], row["bytes_down"]), (size, size))

    def test_many_sizes_arrive_whole(self):
        """Around every size at which the relay changes its ways."""
        sizes = [0, 1, 4095, 4096, 32767, 32768, 65535, 65536, 65537,
                 262144, MIB - 1, MIB, MIB + 1, 5 * MIB + 7]
        with Echo() as echo:
            for size in sizes:
                with self.subTest(size=size), \
                        socks5(self.sockd.port(), echo.address) as s:
                    sent = hashlib.sha256()
                    writer = threading.Thread(target=send_random,
                                              args=(s, size, sent))
                    writer.start()
                    got, octets = receive_digest(s)
                    writer.join(60)
                    self.assertEqual((got, octets),
                                     (sent.hexdigest(), size))
        rows = self.sockd.wait_rows(len(sizes))
        self.assertEqual([r["bytes_up"] for r in rows], sizes)
        self.assertEqual([r["bytes_down"] for r in rows], sizes)

    def test_large_and_small_in_turn(self):
        """From copying to splicing and back, with nothing out of order."""
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            for size in [1, 300000, 1, 2, 2 * MIB, 3, 70000, 1] * 3:
                data = os.urandom(size)
                writer = threading.Thread(target=s.sendall, args=(data,))
                writer.start()
                self.assertEqual(receive_exactly(s, size), data)
                writer.join()

    def test_slow_reader_holds_the_source(self):
        """Memory stays bounded: the source is stopped by the window."""
        sent = [0]

        def pour(s):
            s.setblocking(False)
            until = time.monotonic() + 20
            last = time.monotonic()
            while time.monotonic() < until and \
                    time.monotonic() - last < 1:
                try:
                    sent[0] += s.send(bytes(1 << 16))
                    last = time.monotonic()
                except BlockingIOError:
                    time.sleep(0.01)
            sent.append("stopped")

        with Script(pour) as target, \
                socks5(self.sockd.port(), target.address):
            wait_until("the source stands", lambda: len(sent) > 1, 30)
            self.assertLess(sent[0], 64 * MIB)
            self.assertLess(self.resident(), 64 * MIB)

    def resident(self):
        """The largest worker, in octets."""
        largest = 0
        for pid in self.sockd.children("worker"):
            with open(f"/proc/{pid}/statm") as f:
                largest = max(largest, int(f.read().split()[1]) * 4096)
        return largest


class Ends(SockdTest):
    def test_half_close_of_the_client(self):
        def answer(s):
            question = receive_all(s)
            s.sendall(question[::-1])
            s.close()

        with Script(answer) as target, \
                socks5(self.sockd.port(), target.address) as s:
            s.sendall(b"question")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(s), b"noitseuq")
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "client-closed")

    def test_half_close_of_the_target(self):
        got = []

        def speak(s):
            s.sendall(b"all I have")
            s.shutdown(socket.SHUT_WR)
            got.append(receive_all(s))

        with Script(speak) as target, \
                socks5(self.sockd.port(), target.address) as s:
            self.assertEqual(receive_all(s), b"all I have")
            s.sendall(b"still here")
            s.shutdown(socket.SHUT_WR)
            wait_until("it arrives", lambda: got)
            self.assertEqual(got, [b"still here"])
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["outcome"], "target-closed")

    def test_last_octets_before_a_close_arrive(self):
        """The client is slow; the target closes at once."""
        def pour(s):
            s.sendall(bytes(3 * MIB))
            s.close()

        with Script(pour) as target, \
                socks5(self.sockd.port(), target.address) as s:
            wait_until("the target is done",
                       lambda: target.connections and
                       target.connections[0].fileno() == -1)
            self.assertEqual(len(receive_all(s)), 3 * MIB)

    def test_reset_of_the_target_is_a_reset(self):
        def slam(s):
            receive_exactly(s, 1)
            reset(s)

        with Script(slam) as target, \
                socks5(self.sockd.port(), target.address) as s:
            s.sendall(b"x")
            self.assertTrue(ends_by_reset(s))
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "reset")

    def test_reset_of_the_client_is_a_reset(self):
        seen = []
        with Script(lambda s: seen.append(ends_by_reset(s))) as target:
            s = socks5(self.sockd.port(), target.address)
            s.sendall(b"x")
            reset(s.socket)
            wait_until("the target sees it", lambda: seen)
            self.assertEqual(seen, [True])
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "reset")

    def test_reset_behind_a_target_that_does_not_read(self):
        """Nobody waits for the client, and yet its reset is noticed."""
        with Silent() as deaf:
            s = socks5(self.sockd.port(), deaf.address)
            fill(s)
            reset(s.socket)
            row = self.sockd.wait_rows(1, patience_s=30)[0]
            self.assertEqual(row["outcome"], "reset")

    def test_reset_of_a_target_that_does_not_read(self):
        """It interrupts a send; the client is told no orderly end."""
        with Silent() as deaf, \
                socks5(self.sockd.port(), deaf.address) as s:
            fill(s)
            reset(deaf.connections[0])
            self.assertTrue(ends_by_reset(s))
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "reset")

    def test_reset_of_a_client_that_does_not_read(self):
        seen = []

        def pour(s):
            fill(s)
            reset(client.socket)
            seen.append(ends_by_reset(s))

        with Script(pour) as target:
            client = socks5(self.sockd.port(), target.address)
            wait_until("the target sees it", lambda: seen)
        self.assertEqual(seen, [True])
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "reset")

    def test_what_was_not_passed_on_does_not_count(self):
        """The client goes while the target pours: down is what was sent."""
        with Source() as source:
            s = socks5(self.sockd.port(), source.address)
            got = len(receive_exactly(s, 100000))
            s.socket.close()
            row = self.sockd.wait_rows(1)[0]
            self.assertGreaterEqual(row["bytes_down"], got)
            self.assertEqual(row["outcome"], "reset")


class Urgent(SockdTest):
    def test_urgent_octet_is_passed_on_in_its_place(self):
        def listen(s):
            before = receive_exactly(s, 6)
            wait_until("the mark", lambda: self.urgent(s, heard))
            heard.append(before + receive_all(s))

        heard = []
        with Script(listen) as target, \
                socks5(self.sockd.port(), target.address) as s:
            s.sendall(b"before")
            s.send(b"!", socket.MSG_OOB)
            s.sendall(b"after")
            s.shutdown(socket.SHUT_WR)
            wait_until("all is heard", lambda: len(heard) == 2)
        self.assertEqual(heard, [b"!", b"beforeafter"])
        row = self.sockd.wait_rows(1)[0]
        self.assertEqual(row["bytes_up"], 12)

    def test_urgent_octet_in_a_spliced_stream(self):
        def listen(s):
            s.settimeout(20)
            data = receive_exactly(s, 4 * MIB)
            wait_until("the mark", lambda: self.urgent(s, heard))
            heard.append(len(data) + len(receive_all(s)))

        heard = []
        with Script(listen) as target, \
                socks5(self.sockd.port(), target.address) as s:
            s.sendall(bytes(4 * MIB))
            s.send(b"!", socket.MSG_OOB)
            s.sendall(bytes(4 * MIB))
            s.shutdown(socket.SHUT_WR)
            wait_until("all is heard", lambda: len(heard) == 2)
        self.assertEqual(heard, [b"!", 8 * MIB])
        self.assertEqual(self.sockd.wait_rows(1)[0]["bytes_up"],
                         8 * MIB + 1)

    @staticmethod
    def urgent(s, heard):
        try:
            heard.append(s.recv(1, socket.MSG_OOB))
        except OSError:
            return False
        return True


class ShapedUrgent(SockdTest):
    RULES = PASS_ALL + 'limit "slow" { rate_up = "4000B" }\n'
    ALLOWED = 1000		# at once: a quarter of a second's

    def test_urgent_octet_behind_all_that_the_rate_allows(self):
        """It comes while nobody asks the socket."""
        with Silent() as silent, \
                socks5(self.sockd.port(), silent.address) as s:
            s.sendall(bytes(self.ALLOWED))
            target = wait_until("it connects", lambda: silent.connections)[0]
            receive_exactly(target, self.ALLOWED)
            s.send(b"!", socket.MSG_OOB)
            heard = []
            wait_until("the mark", lambda: Urgent.urgent(target, heard))
        self.assertEqual(heard, [b"!"])


class Deadlines(SockdTest):
    CONFIG = {"timeouts": {"idle": "1s"}}

    def test_idle(self):
        with Echo() as echo, socks5(self.sockd.port(), echo.address) as s:
            s.sendall(b"x")
            receive_exactly(s, 1)
            began = time.monotonic()
            self.assertEqual(receive_all(s), b"")
            self.assertGreater(time.monotonic() - began, 0.9)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "idle")

    def test_activity_of_either_side_postpones_it(self):
        with Silent() as silent, \
                socks5(self.sockd.port(), silent.address) as s:
            until = time.monotonic() + 2.5
            while time.monotonic() < until:
                s.sendall(b"x")
                self.assertFalse(select.select([s], [], [], 0.3)[0])
            wait_until("it lives", lambda: silent.connections)
            silent.connections[0].sendall(b"alive")
            self.assertEqual(receive_exactly(s, 5), b"alive")


class HalfClosed(SockdTest):
    CONFIG = {"timeouts": {"idle": "1h", "half_closed": "500ms"}}

    def test_it_ends_sooner(self):
        with Silent() as silent, \
                socks5(self.sockd.port(), silent.address) as s:
            s.shutdown(socket.SHUT_WR)
            ends_by_reset(s)
        self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "idle")

    def test_a_rest_before_it_does_not_count(self):
        """However long nothing moved, the other side may answer."""
        def answer(s):
            receive_all(s)
            s.sendall(b"answer")
            s.close()

        with Script(answer) as target, Silent() as silent, \
                socks5(self.sockd.port(), target.address) as s:
            with socks5(self.sockd.port(), silent.address) as other:
                other.shutdown(socket.SHUT_WR)
                ends_by_reset(other)	# half_closed has passed
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(s), b"answer")


class SlowReader(SockdTest):
    CONFIG = {"timeouts": {"idle": "1h", "half_closed": "2500ms"}}

    def test_it_is_not_idle(self):
        """What the kernel was given takes longer than half_closed."""
        with Source() as source:
            s = socks5(self.sockd.port(), source.address).socket
            self.addCleanup(s.close)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
            s.shutdown(socket.SHUT_WR)
            until = time.monotonic() + 6
            while time.monotonic() < until:
                self.assertTrue(s.recv(16384), "it was cut")
                self.assertFalse(self.sockd.rows(
                    "SELECT * FROM session WHERE outcome = 'idle'"))
                select.select([], [], [], 0.1)

    def test_one_that_reads_nothing_is(self):
        with Source() as source, \
                socks5(self.sockd.port(), source.address) as s:
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(self.sockd.wait_rows(1)[0]["outcome"], "idle")


class Budget(SockdTest):
    """Pipes are made for busy tunnels only, and never kept full."""
    CONFIG = {"workers": {"start": 1, "min_spare": 1, "max_spare": 1,
                          "max": 1}}

    def test_a_broken_bulk_leaves_nothing_to_the_next(self):
        with Source() as source, Echo() as echo:
            for _ in range(5):
                s = socks5(self.sockd.port(), source.address)
                receive_exactly(s, 3 * MIB)
                reset(s.socket)
                with socks5(self.sockd.port(), echo.address) as s:
                    data = os.urandom(300000)
                    writer = threading.Thread(target=s.sendall,
                                              args=(data,))
                    writer.start()
                    self.assertEqual(receive_exactly(s, len(data)), data)
                    writer.join()


class EarlyPayload(SockdTest):
    def test_payload_and_end_with_the_request(self):
        for size in (1, 1000, 40000, 3 * MIB):
            with self.subTest(size=size), Sink() as sink:
                s = open_proxy(self.sockd.port())
                s.sendall(b"\x05\x01\x00\x05" + bytes([CONNECT]) + b"\x00" +
                          address5(*sink.address) + bytes(size))
                s.shutdown(socket.SHUT_WR)
                reply = receive_all(s)
                self.assertEqual(reply[:4], b"\x05\x00\x05\x00")
                self.assertEqual(sink.octets, size)
                s.close()
        rows = self.sockd.wait_rows(4)
        self.assertEqual([r["bytes_up"] for r in rows],
                         [1, 1000, 40000, 3 * MIB])
