"""The rows of the bench: what is measured, and which figures say it.

A row's function is given a server that runs and the bench's options; it
returns {figure: value}.
"""

import collections
import functools
import signal

import memory
import sockd_conf
from measure import Load, run, settled, together

GIB = 2 ** 30
KIB, MIB = 1024, 2 ** 20
FEW_WORKERS = "workers { max = 32 }\n"

# title; is more better?  None: told, not compared; digits behind the point
Figure = collections.namedtuple("Figure", "title more digits")

FIGURES = {
    "gbit": Figure("Gbit/s", True, 1),
    "cpu_gib": Figure("CPU s/GiB", False, 3),
    "rate": Figure("sessions/s", True, 0),
    "p50_us": Figure("p50 us", False, 1),
    "p99_us": Figure("p99 us", False, 1),
    "p99_ms": Figure("p99 ms", False, 1),
    "cpu_us": Figure("CPU us each", False, 1),
    "kib": Figure("KiB a tunnel, user + kernel", False, 1),
    "pss_kib": Figure("KiB a tunnel, PSS", False, 1),
    "mib": Figure("MiB in all, user + kernel", False, 1),
    "pss_mib": Figure("MiB in all, PSS", False, 1),
    "echoes": Figure("echoes/s", True, 0),
    "added_p50_us": Figure("added p50 us", None, 1),
    "added_p99_us": Figure("added p99 us", None, 1),
    "woken_p50_us": Figure("woken p50 us", False, 1),
    "down_error": Figure("down: error %", None, 2),
    "up_error": Figure("up: error %", None, 2),
    "other_down_error": Figure("the other's down: error %", None, 2),
    "other_up_error": Figure("the other's up: error %", None, 2),
    "ping_p50_ms": Figure("interactive p50 ms", None, 1),
    "ping_p99_ms": Figure("interactive p99 ms", None, 1),
    "lost": Figure("lost", None, 0),
    "failed": Figure("failed", None, 0),
    "workers": Figure("workers", None, 0),
    "keepers": Figure("keepers", None, 0),
}

# servers: who takes part, "all", "proxies" or "sockd"; setup: how the server
# is to be run; rounds: at most so many.
Row = collections.namedtuple(
    "Row", "name what function servers pinned setup rounds",
    defaults=("all", False, {}, None))


def each(figures, count, unit=1e-6):
    """CPU of one session, ping, echo: in all, and by process if several."""
    if not figures.running.process or not count:
        return {}
    found = {"cpu_us": figures.seconds() / count / unit}
    by_name = figures.by_name()
    if len(by_name) > 1:
        found["cpu_by"] = {name: s / count / unit
                           for name, s in sorted(by_name.items())}
    return found


def bulk_figures(result, figures):
    octets = result["down"] + result["up"]
    found = {"gbit": octets * 8e-9 / result["seconds"]}
    if figures.running.process and octets:
        found["cpu_gib"] = figures.seconds() / (octets / GIB)
    return found


def connect_figures(result):
    found = {"rate": result["sessions"] / result["seconds"],
             "failed": result["failed"]}
    if result["sessions"]:
        found["p99_ms"] = result["p99_us"] / 1000
    return found


def bulk(running, options, streams, direction, cheap=0):
    (result,), figures = run(running, ("bulk", {
        "streams": streams, "direction": direction, "cheap": cheap,
        "seconds": options.seconds}))
    return bulk_figures(result, figures)


def connect(running, options, concurrency, **more):
    (result,), figures = run(running, ("connect", {
        "concurrency": concurrency, "seconds": options.seconds,
        "warm_ms": 1000, **more}))
    return {**connect_figures(result), **each(figures, result["sessions"])}


def login(running, options, concurrency):
    """Sessions with a password that is known already: the first login, at
    yescrypt's cost, is not one of many."""
    run(running, ("connect", {"seconds": 2}))
    return connect(running, options, concurrency)


def ping(running, options, size):
    (result,), figures = run(running, ("ping", {
        "size": size, "seconds": options.seconds}))
    return {"p50_us": result["p50_us"], "p99_us": result["p99_us"],
            **each(figures, result["pings"])}


def mixed(running, options, **pace):
    (octets, sessions), figures = run(
        running,
        ("bulk", {"streams": 8, "seconds": options.seconds,
                  "warm_ms": 1000}),
        ("connect", {"seconds": options.seconds, "warm_ms": 1000, **pace}))
    return {**bulk_figures(octets, figures), **connect_figures(sessions)}


def udp(running, options, associations, size, cheap=0):
    (result,), figures = run(running, ("udp", {
        "associations": associations, "size": size, "cheap": cheap,
        "seconds": options.seconds}))
    return {"echoes": result["echoes"] / result["seconds"],
            **each(figures, result["echoes"])}


def less(after, before, unit):
    """How much more, in units; None if nobody counted."""
    if after is None or before is None:
        return None
    return (after - before) / unit


def idle(running, _, tunnels):
    """Held at rest, against the server before, which had work as well."""
    run(running, ("connect", {"concurrency": 16, "seconds": 1}))
    before, after = [], []

    def at_mark(name):
        if name == "base":
            before.extend(settled(running))
        elif name == "begin":
            after.extend(settled(running))

    load = Load("idle", running.options() + [f"tunnels={tunnels}"])
    result, = together([load], at_mark)
    n = result["open"] or 1
    return {"kib": less(after[0], before[0], n * KIB),
            "pss_kib": less(after[1], before[1], n * KIB),
            "failed": tunnels - result["used"]}


def keep(running, _, tunnels):
    """With few workers the keepers hold them, over a reload; then each is
    used."""
    found = {}

    def at_mark(name):
        if name == "begin":
            settled(running)
            names = [memory.stat(pid)[0] for pid in running.pids()]
            found.update(workers=names.count("sockd-worker"),
                         keepers=names.count("sockd-keeper"))
            running.process.send_signal(signal.SIGHUP)

    load = Load("idle", running.options() + [f"tunnels={tunnels}"])
    result, = together([load], at_mark)
    return {**found, "failed": tunnels - result["used"]}


def wake(running, _, tunnels=250):
    (result,), _figures = run(running, ("wake", {"tunnels": tunnels}))
    return {key: result[key] for key in
            ("woken_p50_us", "added_p50_us", "added_p99_us")}


def trickle(running, options, tunnels=2000):
    (result,), figures = run(running, ("trickle", {
        "tunnels": tunnels, "seconds": options.trickle_seconds}))
    return {"lost": result["lost"] + result["wrong"],
            "p99_ms": result["p99_us"] / 1000,
            **each(figures, result["back"])}


# --- rates -------------------------------------------------------------------

BITS = {"64kbit": 64e3, "1Mbit": 1e6, "10Mbit": 10e6, "100Mbit": 100e6,
        "1Gbit": 1e9}


def shaped(rate, streams, which=0):
    """Both ways, as a client whose address has this rate; measured for 10 s
    by who receives, once the burst is over."""
    return "bulk", {"streams": streams, "direction": "both", "seconds": 10,
                    "warm_ms": 4000,
                    "from": sockd_conf.RATES[rate][which]}


def errors(result, rate):
    def error(octets):
        return (octets * 8 / result["seconds"] / BITS[rate] - 1) * 100

    return {"down_error": error(result["down"]),
            "up_error": error(result["up"])}


def rate_held(running, _, rate, streams):
    (result,), figures = run(running, shaped(rate, streams))
    return {**errors(result, rate), **{
        key: value for key, value in bulk_figures(result, figures).items()
        if key == "cpu_gib"}}


def rate_two(running, _, rate="10Mbit"):
    """Two of one limit, one with 8 sessions and one with one."""
    (one, two), _figures = run(running, shaped(rate, 8, 0),
                               shaped(rate, 1, 1))
    return {**errors(one, rate),
            **{"other_" + key: e for key, e in errors(two, rate).items()}}


def rate_interactive(running, _, rate="10Mbit"):
    """A keystroke (64 octets, 20 a second) beside 8 bulk sessions."""
    address = sockd_conf.RATES[rate][0]
    (result, keys), _figures = run(
        running, shaped(rate, 8),
        ("ping", {"size": 64, "rate": 20, "seconds": 10, "warm_ms": 4000,
                  "from": address}))
    return {**errors(result, rate), "ping_p50_ms": keys["p50_us"] / 1000,
            "ping_p99_ms": keys["p99_us"] / 1000}


# --- growth ------------------------------------------------------------------

def in_all(running):
    group = running.group.octets()
    return {"mib": less(group, 0, MIB),
            "pss_mib": memory.pss(running.pids()) / MIB}


def growth_live(running, options, tunnels):
    """Short sessions while so many tunnels stand."""
    found = {}

    def at_mark(name):
        if name == "begin":
            settled(running)
            found.update(in_all(running))
            found.update(connect(running, options, 16))

    load = Load("idle", running.options() + [f"tunnels={tunnels}"])
    result, = together([load], at_mark)
    found["failed"] += tunnels - result["used"]
    return found


def growth_by_setup(running, options):
    return {**connect(running, options, 16), **in_all(running)}


# --- the table ---------------------------------------------------------------

def of(function, **values):
    return functools.partial(function, **values)


ROWS = [
    *(Row(f"bulk-{n}-{way}", f"bulk, {n} streams, {way}",
          of(bulk, streams=n, direction=way))
      for n in (1, 8) for way in ("down", "up", "both")),
    *(Row(f"bulk-cheap-{n}", f"bulk, end points that cost little, {n} down",
          of(bulk, streams=n, direction="down", cheap=1)) for n in (1, 8)),
    Row("connect-1", "sessions one by one, all on one CPU",
        of(connect, concurrency=1), pinned=True),
    Row("connect-16", "sessions, 16 at once", of(connect, concurrency=16)),
    Row("connect-64", "sessions, 64 at once", of(connect, concurrency=64)),
    Row("connect-16-password", "sessions with a password, 16 at once",
        of(login, concurrency=16), servers="logins",
        setup={"login": True}),
    Row("connect-16-name", "sessions to a name, 16 at once",
        of(connect, concurrency=16, name="localhost"), servers="proxies"),
    Row("ping-1", "ping-pong, 1 octet, all on one CPU", of(ping, size=1),
        pinned=True),
    Row("ping-1024", "ping-pong, 1 KiB, all on one CPU", of(ping, size=1024),
        pinned=True),
    Row("mixed", "8 bulk streams beside sessions one by one",
        of(mixed, concurrency=1)),
    Row("mixed-paced", "8 bulk streams beside 500 sessions/s",
        of(mixed, concurrency=64, rate=500)),
    Row("idle-1000", "1,000 tunnels at rest", of(idle, tunnels=1000),
        servers="proxies", rounds=3),
    Row("idle-9500", "9,500 tunnels at rest", of(idle, tunnels=9500),
        servers="proxies", rounds=1),
    *(Row(f"keep-{n}", f"{n} tunnels, 32 workers, a reload, each used",
          of(keep, tunnels=n), servers="sockd", setup={"extra": FEW_WORKERS},
          rounds=1) for n in (9500, 19000)),
    Row("wake", "the first octet after 4 s of rest, over an active tunnel's",
        wake, servers="proxies"),
    *(Row(f"udp-{n}-{size}", f"UDP, {n} associations, {size} octets",
          of(udp, associations=n, size=size))
      for n in (1, 16) for size in (64, 1400)),
    *(Row(f"udp-cheap-{n}-1400", "UDP, end points that cost little (runs), "
          f"{n} associations, 1400 octets",
          of(udp, associations=n, size=1400, cheap=1)) for n in (1, 16)),
    Row("trickle", "2,000 tunnels, an octet each every 1 to 3 s", trickle,
        servers="proxies", rounds=1),
    *(Row(f"rate-{rate}-{n}", f"{n} sessions of one user at {rate}",
          of(rate_held, rate=rate, streams=n), servers="sockd", rounds=1)
      for rate in BITS for n in (1, 8, 64)),
    Row("rate-two", "two users at 10Mbit each, 8 sessions and 1", rate_two,
        servers="sockd", rounds=1),
    Row("rate-interactive", "a keystroke beside 8 bulk sessions at 10Mbit",
        rate_interactive, servers="sockd", rounds=1),
    *(Row(f"growth-live-{n}", f"sessions beside {n} live tunnels",
          of(growth_live, tunnels=n), servers="proxies", rounds=3)
      for n in (10, 100, 1000, 10000)),
    *(Row(f"growth-rules-{n}", f"sessions with {n} rules", growth_by_setup,
          servers="sockd", setup={"n_rules": n}, rounds=3)
      for n in (10, 1000, 10000)),
    *(Row(f"growth-principals-{n}", f"sessions with {n} known principals",
          growth_by_setup, servers="sockd", setup={"principals": n},
          rounds=3)
      for n in (10, 10000, 100000)),
]


def takes_part(row, server):
    return {"all": True, "proxies": server.name != "direct",
            "logins": server.has_login,
            "sockd": server.name == "sockd"}[row.servers]
