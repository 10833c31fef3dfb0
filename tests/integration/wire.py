"""The client side of SOCKS, by hand: what is sent and said is in sight."""

import ipaddress
import socket
import struct

CONNECT, BIND, UDP = 1, 2, 3
TIMEOUT_S = 20


class Refused(Exception):
    """A reply that is no grant; code is REP, or CD of SOCKS4."""

    def __init__(self, code):
        super().__init__(f"reply {code}")
        self.code = code


def receive_exactly(s, n):
    """n octets, or an EOFError that tells what came."""
    data = b""
    while len(data) < n:
        part = s.recv(n - len(data))
        if not part:
            raise EOFError(f"end after {len(data)} of {n} octets")
        data += part
    return data


def receive_all(s):
    """Everything until the end."""
    parts = []
    while True:
        part = s.recv(1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)


def receive_rest(s):
    """The same, where a reset is an end as well."""
    try:
        return receive_all(s)
    except ConnectionResetError:
        return b""


def reset(s):
    """Close with a reset."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def open_proxy(proxy, timeout_s=TIMEOUT_S, come_from=None):
    """A connection to the proxy: a port on 127.0.0.1, or (host, port)."""
    if isinstance(proxy, int):
        proxy = ("127.0.0.1", proxy)
    s = socket.create_connection(proxy, timeout_s,
                                 come_from and (come_from, 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def address5(host, port):
    """ATYP, DST.ADDR, DST.PORT: an address if host is one, else a name."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("latin-1")
        return b"\x03" + bytes([len(name)]) + name + struct.pack("!H", port)
    return (b"\x01" if ip.version == 4 else b"\x04") + ip.packed + \
        struct.pack("!H", port)


def read_address5(s):
    """ATYP and what follows, from a stream: (host, port)."""
    atyp = receive_exactly(s, 1)[0]
    if atyp == 3:
        host = receive_exactly(s, receive_exactly(s, 1)[0]).decode("latin-1")
    else:
        host = str(ipaddress.ip_address(
            receive_exactly(s, 4 if atyp == 1 else 16)))
    return host, struct.unpack("!H", receive_exactly(s, 2))[0]


def greet5(s, *methods):
    """The greeting; returns the METHOD that the server chose."""
    s.sendall(bytes([5, len(methods), *methods]))
    version, method = receive_exactly(s, 2)
    assert version == 5, version
    return method


def login5(s, user, password):
    """RFC 1929; returns STATUS."""
    user, password = (x.encode() if isinstance(x, str) else x
                      for x in (user, password))
    s.sendall(bytes([1, len(user)]) + user + bytes([len(password)]) +
              password)
    version, status = receive_exactly(s, 2)
    assert version == 1, version
    return status


def read_reply5(s):
    """A reply: (REP, (host, port))."""
    version, rep, rsv = receive_exactly(s, 3)
    assert (version, rsv) == (5, 0), (version, rsv)
    return rep, read_address5(s)


def request5(s, command, target):
    """A request and its reply: BND, or Refused."""
    s.sendall(bytes([5, command, 0]) + address5(*target))
    rep, bound = read_reply5(s)
    if rep != 0:
        raise Refused(rep)
    return bound


def start5(proxy, user=None, password=None, come_from=None):
    """Connected, greeted and logged in."""
    s = open_proxy(proxy, come_from=come_from)
    try:
        method = greet5(s, *([0] if user is None else [2]))
        if method == 0xff:
            raise Refused(0xff)
        if method == 2 and login5(s, user, password) != 0:
            raise Refused("login")
    except BaseException:
        s.close()
        raise
    return s


def socks5(proxy, target, user=None, password=None, command=CONNECT,
           come_from=None):
    """A granted SOCKS5 request; s.bound holds BND."""
    s = start5(proxy, user, password, come_from)
    try:
        bound = request5(s, command, target)
    except BaseException:
        s.close()
        raise
    return Granted(s, bound)


def request4(command, target, userid=b"", name=None):
    """The octets of a SOCKS4 request; name makes it 4a."""
    host, port = target
    ip = b"\x00\x00\x00\x01" if name is not None else socket.inet_aton(host)
    octets = struct.pack("!BBH", 4, command, port) + ip + userid + b"\x00"
    return octets if name is None else octets + name + b"\x00"


def read_reply4(s):
    vn, cd, port, ip = struct.unpack("!BBH4s", receive_exactly(s, 8))
    assert vn == 0, vn
    if cd != 90:
        raise Refused(cd)
    return socket.inet_ntoa(ip), port


def socks4(proxy, target, userid=b"", name=None, command=CONNECT,
           come_from=None):
    """A granted SOCKS4 or 4a request; s.bound holds DSTIP and DSTPORT."""
    s = open_proxy(proxy, come_from=come_from)
    try:
        s.sendall(request4(command, target, userid, name))
        bound = read_reply4(s)
    except BaseException:
        s.close()
        raise
    return Granted(s, bound)


class Granted:
    """A socket with what the proxy said about it."""

    def __init__(self, s, bound):
        self.socket, self.bound = s, bound

    def __getattr__(self, name):
        return getattr(self.socket, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def header5(host, port, frag=0, rsv=0):
    """The header of a datagram (RFC 1928, section 7)."""
    return struct.pack("!HB", rsv, frag) + address5(host, port)


def read_datagram5(data):
    """A relayed datagram: ((host, port), payload)."""
    assert data[:3] == b"\0\0\0", data[:3]
    size = {1: 4, 4: 16}[data[3]]
    host = str(ipaddress.ip_address(data[4:4 + size]))
    port = struct.unpack("!H", data[4 + size:6 + size])[0]
    return (host, port), data[6 + size:]


class Association:
    """UDP ASSOCIATE: a control connection and a datagram socket."""

    def __init__(self, proxy, dst=("0.0.0.0", 0), local=None, user=None,
                 password=None, come_from=None):
        self.control = socks5(proxy, dst, user, password, command=UDP,
                              come_from=come_from)
        self.relay = self.control.bound
        if local is None:
            local = self.control.getsockname()[0]
        self.socket = udp_socket(local)
        self.socket.connect(self.relay)

    def send(self, payload, target, **header):
        self.socket.send(header5(*target, **header) + payload)

    def receive(self, timeout_s=TIMEOUT_S):
        self.socket.settimeout(timeout_s)
        return read_datagram5(self.socket.recv(1 << 16))

    def exchange(self, payload, target):
        """Send, and receive one."""
        self.send(payload, target)
        return self.receive()

    def close(self):
        self.control.socket.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def udp_socket(host="127.0.0.1", port=0):
    """A bound datagram socket with a large buffer."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        s.setsockopt(socket.SOL_SOCKET, option, 1 << 22)
    s.bind((host, port))
    s.settimeout(TIMEOUT_S)
    return s
