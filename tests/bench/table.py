"""From the figures of all rounds to medians, ratios and a table."""

import statistics

from rows import FIGURES

WIDTH = 12


def medians(rounds):
    """[{figure: value}] of one server to {figure: median}."""
    found = {}
    for key in FIGURES:
        values = [r[key] for r in rounds if r.get(key) is not None]
        if values:
            found[key] = statistics.median(values)
    names = {name for r in rounds for name in r.get("cpu_by", {})}
    if names:
        found["cpu_by"] = {
            name: statistics.median(r.get("cpu_by", {}).get(name, 0.0)
                                    for r in rounds)
            for name in sorted(names)}
    return found


def best_peer(key, by_server):
    """(name, value) of the best server but direct and sockd, or None."""
    more = FIGURES[key].more
    values = [(found[key], name) for name, found in by_server.items()
              if name not in ("direct", "sockd") and key in found]
    if more is None or not values:
        return None
    value, name = max(values) if more else min(values)
    return name, value


def ratio(a, b):
    return a / b if a is not None and b else None


def summary(by_server):
    """{figure: {"best": name, "to_best": x, "to_direct": x}} of sockd."""
    found = {}
    own = by_server.get("sockd", {})
    for key in own:
        if key not in FIGURES or FIGURES[key].more is None:
            continue
        best = best_peer(key, by_server)
        direct = by_server.get("direct", {}).get(key)
        found[key] = {"best": best[0] if best else None,
                      "to_best": ratio(own[key], best[1]) if best else None,
                      "to_direct": ratio(own[key], direct)}
    return found


def cell(value, digits):
    text = "-" if value is None else f"{value:,.{digits}f}"
    return text.rjust(WIDTH)


def line(key, by_server, compared):
    figure = FIGURES[key]
    text = "  " + figure.title.ljust(28)
    for found in by_server.values():
        text += cell(found.get(key), figure.digits)
    if key in compared:
        text += cell(compared[key]["to_best"], 2)
        text += cell(compared[key]["to_direct"], 2)
        text += "  " + (compared[key]["best"] or "")
    return text


def text(row, by_server, compared, notes):
    """A row as lines."""
    lines = [f"{row.name}: {row.what}",
             " " * 30 + "".join(name[:WIDTH - 1].rjust(WIDTH)
                                for name in by_server)
             + "to best".rjust(WIDTH) + "to direct".rjust(WIDTH) + "  best"]
    for key in FIGURES:
        if any(key in found for found in by_server.values()):
            lines.append(line(key, by_server, compared))
    for name, found in by_server.items():
        if "cpu_by" in found:
            parts = ", ".join(f"{process} {value:.1f}" for process, value
                              in found["cpu_by"].items())
            lines.append(f"  CPU us each, {name}: {parts}")
    lines += [f"  {name}: {why}" for name, why in notes.items()]
    return "\n".join(lines) + "\n"
