"""A TCP segment by hand, for what no kernel of a client sends by itself."""

import contextlib
import socket
import struct

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
RECEIVED, SENT = 1, 2
REPAIR_ON, REPAIR_OFF = 1, -1
PSH, ACK, URG = 0x08, 0x10, 0x20
NO_OPTIONS = 5 << 4
WINDOW = 1000


@contextlib.contextmanager
def repaired(s):
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_ON)
    try:
        yield
    finally:
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF)


def may_write_segments():
    """It takes CAP_NET_ADMIN and CAP_NET_RAW."""
    try:
        with socket.socket() as s, repaired(s), \
                socket.socket(socket.AF_INET, socket.SOCK_RAW,
                              socket.IPPROTO_TCP):
            return True
    except PermissionError:
        return False


def sequence(s, queue):
    """The number of the next octet of a queue of s."""
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
    return s.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) & 0xffffffff


def checksum(octets):
    words = struct.unpack(f"!{len(octets) // 2}H", octets)
    n = sum(words)
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def send_urgent_ahead(s, octet, ahead):
    """Send an urgent octet to the peer of s, an IPv4 socket, as if `ahead`
    octets had been sent before it and were lost.  s knows nothing of it."""
    (host, port), (peer, peer_port) = s.getsockname(), s.getpeername()
    with repaired(s):
        number, acknowledged = sequence(s, SENT), sequence(s, RECEIVED)

    def segment(check):
        return struct.pack("!HHIIBBHHH", port, peer_port,
                           number + ahead & 0xffffffff, acknowledged,
                           NO_OPTIONS, PSH | ACK | URG, WINDOW, check,
                           len(octet)) + octet

    pseudo = (socket.inet_aton(host) + socket.inet_aton(peer) +
              struct.pack("!HH", socket.IPPROTO_TCP, len(segment(0))))
    padding = bytes(len(octet) % 2)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_TCP) as raw:
        raw.sendto(segment(checksum(pseudo + segment(0) + padding)),
                   (peer, 0))
