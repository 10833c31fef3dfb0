"""Targets for tests: small servers in threads, on free ports of loopback."""

import socket
import threading


class Server:
    """Accepts; each connection is served by serve() in a thread."""

    def __init__(self, host="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen(1024)
        self.address = self.listener.getsockname()[:2]
        self.port = self.address[1]
        self.peers = []			# addresses that connected
        self.connections = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                s, peer = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer[:2])
            self.connections.append(s)
            threading.Thread(target=self._serve, args=(s,),
                             daemon=True).start()

    def _serve(self, s):
        try:
            self.serve(s)
        except OSError:
            s.close()		# a reset; thousands of them add up

    def serve(self, s):
        raise NotImplementedError

    def close(self):
        # shutdown() wakes the accept(); close() alone does not.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for s in self.connections:
            s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Echo(Server):
    """Sends back what it receives, to the end, and half-closes then."""

    def serve(self, s):
        while True:
            data = s.recv(1 << 16)
            if not data:
                break
            s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        s.close()


class Source(Server):
    """Sends size octets (or for ever) as soon as somebody connects."""

    CHUNK = bytes(range(256)) * 256

    def __init__(self, size=None, **where):
        self.size = size
        super().__init__(**where)

    def serve(self, s):
        left = self.size
        while left is None or left > 0:
            part = self.CHUNK if left is None else self.CHUNK[:left]
            s.sendall(part)
            if left is not None:
                left -= len(part)
        s.shutdown(socket.SHUT_WR)
        while s.recv(1 << 16):
            pass
        s.close()


class Sink(Server):
    """Counts what it receives."""

    def __init__(self, **where):
        self.octets = 0
        self.lock = threading.Lock()
        super().__init__(**where)

    def serve(self, s):
        while True:
            data = s.recv(1 << 18)
            if not data:
                break
            with self.lock:
                self.octets += len(data)
        s.close()


class Silent(Server):
    """Accepts and says nothing; the connections are in .connections."""

    def serve(self, s):
        pass


class Script(Server):
    """Serves with a function of the socket."""

    def __init__(self, function, **where):
        self.function = function
        super().__init__(**where)

    def serve(self, s):
        self.function(s)


class UdpServer:
    """A thread with a datagram socket; answer() may send something back."""

    def __init__(self, host="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((host, port))
        self.address = self.socket.getsockname()[:2]
        self.port = self.address[1]
        self.received = []			# (payload, from whom)
        self.ending = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.ending:
            try:
                data, peer = self.socket.recvfrom(1 << 16)
            except OSError:
                continue
            if self.ending:
                break
            self.received.append((data, peer[:2]))
            self.answer(data, peer)

    def answer(self, data, peer):
        pass

    def close(self):
        self.ending = True
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.address)
        self.thread.join(10)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class UdpEcho(UdpServer):
    """Sends back what it receives."""

    def answer(self, data, peer):
        self.socket.sendto(data, peer)
