"""What sockctl explain says of a request, the daemon does."""

import os
import socket
import subprocess

from harness import SockdTest
from pam_stack import PamTest
from peers import Echo, UdpEcho
from wire import Association, BIND, Refused, receive_exactly, socks4, socks5

# Of the listeners one is to have a port that the file names, below those that
# the system gives away by itself.
PORT = 20000 + os.getpid() % 10000


def listen(name, port=0, **lists):
    keys = "".join(f'\n\t{key} = {{ {", ".join(values)} }}'
                   for key, values in lists.items())
    return f'listen "{name}" {{ address = "127.0.0.1" port = {port}{keys} }}\n'


class Agreement(PamTest, SockdTest):
    SECTIONS = listen("test", methods=['"none"', '"password"']) + \
        listen("open", PORT, methods=['"none"']) + \
        listen("login", methods=['"password"']) + \
        listen("five", protocols=['"socks5"']) + \
        listen("four", protocols=['"socks4"'])
    RULES = '''
rule "by-name" { action = "pass" to = { "localhost" } from = { "127.0.0.4" } }
rule "no-three" { action = "block" to = { "127.0.0.3" }
	commands = { "connect", "bind", "udp" } }
rule "free" { action = "pass" metered = false to = { "127.0.0.2" }
	commands = { "connect", "bind", "udp" } }
rule "here" { action = "pass" from = { "127.0.0.1", "127.0.0.5" }
	commands = { "connect", "bind", "udp" } }
rule "ann" { action = "pass" users = { "ann" } }
limit "all" { bytes = { "1kB/day" } }
'''

    def services(self):
        return {"sockd": ["auth required pam_permit.so",
                          "account required pam_permit.so"]}

    def setUp(self):
        super().setUp()
        self.tcp = Echo(host="0.0.0.0")
        self.udp, self.free = UdpEcho(), UdpEcho(host="127.0.0.2")
        for server in (self.tcp, self.udp, self.free):
            self.addCleanup(server.close)

    # ---- what is said ----

    def explain(self, case):
        words = [f"{k}={v}" for k, v in case.items()]
        out = subprocess.run([os.environ["SOCKCTL"], "-f", self.sockd.config,
                              "explain", *words],
                             capture_output=True, text=True)
        self.assertIn(out.returncode, (0, 1), out.stderr)
        return out.returncode == 0, out.stdout

    # ---- what is done ----

    def open_udp(self, port, target, **how):
        """A datagram to it, and one behind it that passes."""
        said = {b"asked", b"free"}
        with Association(port, local=how["come_from"], **how) as a:
            a.send(b"asked", target)
            a.send(b"free", self.free.address)
            heard = set()
            while b"free" not in heard:
                heard.add(a.receive()[1])
            try:
                while heard != said:
                    heard.add(a.receive(0.5)[1])
            except TimeoutError:
                pass
        return b"asked" in heard

    def passes(self, case):
        host, port = case["to"].rsplit(":", 1)
        target = (host.strip("[]"), int(port))
        command = case.get("command", "connect")
        how = {"come_from": case["from"]}
        proxy = self.sockd.port(case["listen"])
        if case["user"]:
            how.update(user=case["user"], password="x")
        try:
            if command == "udp":
                return self.open_udp(proxy, target, **how)
            if command == "bind":
                how["command"] = BIND
            if case.get("protocol") == "socks4":
                named = {"name": host.encode()} if host == "localhost" else {}
                s = socks4(proxy, target, **named, **how)
            else:
                s = socks5(proxy, target, **how)
        except Refused:
            return False
        s.socket.close()
        return True

    def check(self, expected, **case):
        case = {"user": "", "from": "127.0.0.1", "listen": "test",
                **{k.rstrip("_"): v for k, v in case.items()}}
        case["to"] = case["to"].format(tcp=self.tcp.port,
                                       udp=self.udp.address[1],
                                       free=self.free.address[1])
        with self.subTest(case):
            said, text = self.explain(case)
            self.assertEqual(said, expected, text)
            self.assertEqual(self.passes(case), expected, text)

    # ---- the cases ----

    def test_rules(self):
        self.check(True, to="127.0.0.1:{tcp}")
        self.check(False, to="127.0.0.3:{tcp}")
        self.check(False, to="127.0.0.1:{tcp}", from_="127.0.0.9")
        self.check(True, to="127.0.0.2:{tcp}", from_="127.0.0.9")
        self.check(True, to="127.0.0.1:{tcp}", from_="127.0.0.9", user="ann")
        self.check(False, to="127.0.0.1:{tcp}", from_="127.0.0.9", user="bob")

    def test_names(self):
        self.check(True, to="localhost:{tcp}", from_="127.0.0.4")
        self.check(False, to="127.0.0.1:{tcp}", from_="127.0.0.4")

    def test_a_name_of_our_own_listener(self):
        if len({a[4][0] for a in socket.getaddrinfo("localhost", 0)}) > 1:
            self.skipTest("localhost has an address where nobody listens")
        self.check(False, to=f"localhost:{PORT}", from_="127.0.0.4")

    def test_never_allowed(self):
        self.check(False, to="0.0.0.0:{tcp}")
        self.check(False, to="224.0.0.1:{tcp}")
        self.check(False, to=f"127.0.0.1:{PORT}")
        self.check(True, to="127.0.0.1:{tcp}", listen="open")

    def test_bind(self):
        self.check(True, to="127.0.0.1:0", command="bind")
        self.check(True, to="0.0.0.0:0", command="bind")
        self.check(True, to="0.0.0.0:4711", command="bind")
        self.check(True, to="localhost:0", command="bind")
        self.check(True, to=f"127.0.0.1:{PORT}", command="bind")
        self.check(False, to="127.0.0.3:0", command="bind")
        self.check(False, to="224.0.0.1:0", command="bind")
        self.check(False, to="127.0.0.1:0", command="bind", user="bob",
                   from_="127.0.0.9")

    def test_udp(self):
        self.check(True, to="127.0.0.1:{udp}", command="udp")
        self.check(False, to="127.0.0.3:{udp}", command="udp")
        self.check(False, to="0.0.0.0:{udp}", command="udp")

    def test_listeners(self):
        to = "127.0.0.1:{tcp}"
        for listen, none, password, old in (
                ("test", True, True, True), ("open", True, False, True),
                ("login", False, True, False), ("five", True, True, False),
                ("four", False, False, True)):
            self.check(none, to=to, listen=listen)
            self.check(password, to=to, listen=listen, user="ann")
            self.check(old, to=to, listen=listen, protocol="socks4")

    def test_quotas(self):
        with socks5(self.sockd.port(), ("127.0.0.1", self.tcp.port),
                    come_from="127.0.0.5") as s:
            s.sendall(bytes(500))
            receive_exactly(s, 500)
            self.assertEqual(s.recv(1), b"")
        self.sockd.wait_rows(1, "outcome = 'quota'")
        for command, port in (("connect", "{tcp}"), ("bind", "0"),
                              ("udp", "{free}")):
            self.check(True, to="127.0.0.2:" + port, from_="127.0.0.5",
                       command=command)
        self.check(False, to="127.0.0.1:{tcp}", from_="127.0.0.5")
        self.check(False, to="127.0.0.1:0", from_="127.0.0.5",
                   command="bind")
        self.check(True, to="127.0.0.1:{tcp}")

    def test_a_quota_that_is_used_up_needs_no_address(self):
        """Of a user; whoever has no login is an address."""
        with socks5(self.sockd.port("login"), ("127.0.0.1", self.tcp.port),
                    user="ann", password="x") as s:
            s.sendall(bytes(500))
            receive_exactly(s, 500)
            self.assertEqual(s.recv(1), b"")
        self.sockd.wait_rows(1, "outcome = 'quota'")
        case = {"user": "ann", "to": f"127.0.0.2:{self.tcp.port}"}
        passes, text = self.explain(case)
        self.assertIn("limit: all applies to ann\n", text)
        self.assertIn("(used up)", text)
        self.assertTrue(passes, text)		# by the rule "free"
        case["to"] = f"127.0.0.1:{self.tcp.port}"
        passes, text = self.explain(case)
        self.assertFalse(passes, text)
        self.assertIn("it is refused until that resets", text)
        passes, text = self.explain({**case, "user": "tim"})
        self.assertIn("limit: all applies to tim\n", text)
        self.assertNotIn("(used up)", text)
        _, text = self.explain({"to": case["to"]})
        self.assertIn("limit: all applies\n", text)
        self.assertIn("used is not known", text)

    def test_a_limit_is_known_when_what_it_asks_for_is(self):
        self.sockd.configure(self.SECTIONS + self.RULES.split("limit")[0] +
                             'limit "ann" { users = { "ann" } }\n'
                             'limit "lab" { from = { "127.0.0.9" } }\n')
        for words, said in (
                ({"user": "ann"}, "ann applies to ann"),
                ({"user": "tim"}, "not known without from="),
                ({"from": "127.0.0.1"}, "not known without user="),
                ({}, "not known without from= and user="),
                ({"user": ""}, "not known without from="),
                ({"user": "tim", "from": "127.0.0.9"}, "lab applies to tim"),
                ({"user": "tim", "from": "127.0.0.1"},
                 "none applies to tim")):
            _, text = self.explain(words)
            self.assertIn(f"limit: {said}\n", text, words)

    def test_what_rounds_up_to_a_unit_has_that_unit(self):
        for size, said in (("999B", "999 B"), ("999949B", "999.9 kB"),
                           ("999950B", "1.0 MB"), ("999999999B", "1.00 GB"),
                           ("999999999999B", "1.00 TB")):
            self.sockd.configure(self.SECTIONS + 'limit "all" { bytes = '
                                 f'{{ "{size}/day" }} }}\n')
            _, text = self.explain({})
            self.assertIn(f" {said}/day", text)

    def test_what_is_said_twice_is_refused(self):
        out = subprocess.run([os.environ["SOCKCTL"], "-f", self.sockd.config,
                              "explain", "user=ann", "user=tim"],
                             capture_output=True, text=True)
        self.assertEqual(out.returncode, 2)
        self.assertIn('"user=tim" comes behind another user=', out.stderr)

    def test_what_is_not_said_is_not_known(self):
        for words in ({"from": "127.0.0.1"}, {"from": "127.0.0.9"},
                      {"user": "ann"}, {"command": "bind"}, {}):
            with self.subTest(words):
                passes, text = self.explain(words)
                self.assertTrue(passes, text)
                self.assertIn("open: ", text)
