"""20,000 datagrams at full rate: none corrupted, order kept per target, and
counters that are exact."""

import os
import random
import socket
import struct
import threading
import unittest

from associations import AssociationTest, sealed, unseal
from harness import wait_until
from peers import UdpEcho, UdpServer
from wire import header5

COUNT = 20000

# Targets have an address that no other test uses.  What comes late to a port
# of 127.0.0.1 that someone had before, a name server's answer say, is then
# neither a target's nor, to the relay, from one.
TARGET_HOST = "127.0.77.1"


def kernel_drops(sockets):
    """What the kernel dropped because these had no room left."""
    inodes = {str(os.fstat(s.fileno()).st_ino) for s in sockets}
    drops = 0
    with open("/proc/net/udp") as f:
        for line in f.readlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                drops += int(fields[12])
    return drops


def queued(address):
    """Octets that wait in the datagram socket that is bound there."""
    host, port = address
    name = "%08X:%04X" % (struct.unpack("<I", socket.inet_aton(host))[0],
                          port)
    with open("/proc/net/udp") as f:
        return sum(int(line.split()[4].split(":")[1], 16)
                   for line in f if line.split()[1] == name)


class BatchTest(AssociationTest):
    def target(self, kind):
        return self.server(kind, TARGET_HOST)

    def assert_increasing(self, numbers):
        self.assertNotIn(None, numbers)
        self.assertTrue(all(a < b for a, b in zip(numbers, numbers[1:])))


class Window(BatchTest):
    """As many on the way as sockets have room for: none is lost."""

    def play(self, size_of, targets):
        a = self.associate()
        room = threading.Semaphore(48)
        payloads = [sealed(i, size_of(i)) for i in range(COUNT)]
        headers = [header5(*t.address) for t in targets]

        def send():
            for i, payload in enumerate(payloads):
                room.acquire()
                a.socket.send(headers[i % len(headers)] + payload)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        came = {t.address: [] for t in targets}
        for i in range(COUNT):
            try:
                source, payload = a.receive()
            except socket.timeout:
                self.fail(f"{i} of {COUNT} came back; to targets came "
                          f"{[len(t.received) for t in targets]}")
            came[source].append(unseal(payload))
            room.release()
        sender.join()
        for numbers in came.values():
            self.assert_increasing(numbers)
        for t in targets:
            self.assert_increasing([unseal(p) for p, _ in t.received])
        a.close()
        return self.sockd.wait_rows(1)[0], sum(map(len, payloads))

    def assert_exact(self, row, octets):
        self.assertEqual((row["datagrams_up"], row["datagrams_down"]),
                         (COUNT, COUNT))
        self.assertEqual((row["bytes_up"], row["bytes_down"]),
                         (octets, octets))
        counted = self.sockd.rows(
            "SELECT sum(datagrams) AS n, sum(bytes) AS b FROM udp_target")
        self.assertEqual(counted, [{"n": 2 * COUNT, "b": 2 * octets}])

    def test_one_target_one_size(self):
        self.assert_exact(*self.play(lambda i: 100, [self.target(UdpEcho)]))

    def test_sizes_of_all_kinds(self):
        """Runs of one size, with shorter and longer ones between."""
        dice = random.Random(4)
        sizes = [dice.choice([0, 10, 10, 10, 600, 1200, 1200, 2000])
                 for _ in range(COUNT)]
        self.assert_exact(*self.play(lambda i: sizes[i],
                                     [self.target(UdpEcho)]))

    def test_several_targets(self):
        targets = [self.target(UdpEcho) for _ in range(5)]
        self.assert_exact(*self.play(lambda i: i % 700, targets))


class Reload(Window):
    """A reload hands the association to another worker in the middle."""

    def test_one_target_one_size(self):
        sender = threading.Thread(target=self.reload, daemon=True)
        sender.start()
        super().test_one_target_one_size()
        sender.join()

    def reload(self):
        for _ in range(3):
            self.sockd.reload()

    test_sizes_of_all_kinds = test_several_targets = None


class Flood(BatchTest):
    """As fast as it goes."""

    def test_what_arrives_is_whole_in_order_and_what_is_counted(self):
        sinks = [self.target(UdpServer) for _ in range(3)]
        a = self.associate()
        headers = [header5(*s.address) for s in sinks]
        for i in range(COUNT):
            a.socket.send(headers[i % 3] + sealed(i, i % 400))
        wait_until("the relay has read all", lambda: queued(a.relay) == 0)
        a.close()
        row = self.sockd.wait_rows(1)[0]

        def arrived():
            return sum(len(s.received) for s in sinks) + \
                kernel_drops([s.socket for s in sinks])
        wait_until("all that was counted arrives",
                   lambda: arrived() >= row["datagrams_up"])
        lost = kernel_drops([s.socket for s in sinks])
        self.assertEqual(arrived(), row["datagrams_up"])
        for s in sinks:
            self.assert_increasing([unseal(p) for p, _ in s.received])
        if lost == 0:
            self.assertEqual(row["bytes_up"], sum(
                len(p) for s in sinks for p, _ in s.received))
        self.assertGreater(row["datagrams_up"], COUNT // 20)


if __name__ == "__main__":
    unittest.main()
