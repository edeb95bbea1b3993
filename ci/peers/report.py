"""The tables of reports/peers.md."""

import re
from dataclasses import dataclass, field
from typing import Callable

from tools import TOOLS


@dataclass
class Column:
    """A tool, or one of its verdicts."""

    title: str
    rule: str
    # What it said of a pair, if it ran: whether there is a finding, and whether the cause is named. `None`: it failed.
    said: dict = field(default_factory=dict)
    # Findings on the before sides against themselves, and how many were compared.
    same: str = ""
    building: str = ""
    running: str = ""


def render(results, pairs, truth):
    """The report as Markdown."""
    columns = [perfkit(truth.read_text())]
    for tool in TOOLS:
        if tool.name in results:
            columns += peers(tool, results[tool.name], pairs)
    parts = [HEAD, summary(columns, pairs), rules(columns), table(columns, pairs)]
    return "\n".join(parts)


HEAD = """# Other tools on the same pairs

The [seeded pairs](../workloads/seeded), run by other tools and judged by their own verdicts; how, and what is not
as they have it by default, is in [ci/peers](../ci/peers/README.md). `ci/peers/peers.py` measures it anew and writes this file. The row of perfkit is
[the truth table](truth.md).
"""


def is_judged(expected):
    """Whether the pair waits for no lens."""
    return expected.get("cause", {}).get("lens") != "tasks"


def is_regression(expected):
    return expected["expect"] in ("regression", "trade-off")


def peers(tool, result, pairs):
    """A column for each verdict of a tool."""
    ran = {name: pair for name, pair in result["pairs"].items() if name in pairs}
    seconds = sum(pair.get("seconds", 0) for pair in ran.values())
    same = [pair["same"] for pair in ran.values() if "same" in pair]
    for words, is_finding in tool.verdicts.items():
        column = Column(" ".join([result["package"], *[f"({words})"] * bool(words)]), tool.rule)
        for name, pair in ran.items():
            symbol = pairs[name].get("cause", {}).get("symbol")
            column.said[name] = said(pair, is_finding, symbol)
        alarms = sum(any(map(is_finding, changes)) for changes in same)
        column.same = f"{alarms} of {len(same)}" if same else "not run"
        column.building = f"{result['build']['seconds']:.0f} s ({result['build']['pairs']} pairs)"
        column.running = f"{seconds:.0f} s"
        yield column


def said(pair, is_finding: Callable, symbol):
    """Whether something was found, and whether its words name the cause."""
    if "failed" in pair:
        return None
    findings = [change for change in pair["changes"] if is_finding(change)]
    named = symbol and any(symbol in re.findall(r"\w+", f"{it['metric']} {it['said']}") for it in findings)
    return bool(findings), bool(named)


def perfkit(text):
    """The column of the truth table."""
    column = Column("perfkit", "something fails the build, or speaks of a trade-off")
    for row in re.findall(r"^\| ([\w-]+) \|(.*)", text, flags=re.MULTILINE):
        name, cells = row[0], [cell.strip() for cell in re.split(r"(?<!\\)\|", row[1])]
        if len(cells) < 5 or name == "pair":
            continue
        _class, known, verdict, rank, first = cells[:5]
        quiet = verdict == "**missed**" or not first or (verdict == "right" and known in ("silent", "improvement"))
        column.said[name] = (not quiet, rank in ("1", "2", "3"))
    if found := re.search(r"before against itself: (\d+) cases, findings from exact metrics: (\d+)", text):
        column.same = f"{found[2]} of {found[1]}, exact metrics alone"
    if found := re.search(r"(\d+) s\b.*building both sides included", text):
        column.building, column.running = "in running", f"{found[1]} s"
    return column


def summary(columns, pairs):
    rows = [
        "| tool | regressions found | cause named | false alarms | before against itself | building | running |",
        "|:--|--:|--:|--:|--:|--:|--:|",
    ]
    for column in columns:
        judged = {name: it for name, it in column.said.items() if name in pairs and is_judged(pairs[name])}
        worse = [it for name, it in judged.items() if is_regression(pairs[name])]
        rest = [it for name, it in judged.items() if not is_regression(pairs[name])]
        found = sum(it is not None and it[0] for it in worse)
        named = sum(it is not None and it[0] and it[1] for it in worse)
        alarms = sum(it is not None and it[0] for it in rest)
        rows.append(
            f"| {column.title} | {found} of {len(worse)} | {named or 'no'} | {alarms} of {len(rest)} "
            f"| {column.same} | {column.building} | {column.running} |"
        )
    return "\n".join(rows) + "\n"


def rules(columns):
    """What counts as found."""
    words = {column.title.split(" (")[0]: column.rule for column in columns}
    lines = [f"- {title}: {rule}" for title, rule in words.items()]
    return "\n".join(["What counts as found:\n", *lines, ""])


def table(columns, pairs):
    rows = [
        "| pair | class | known as | " + " | ".join(column.title for column in columns) + " |",
        "|:--|:--|:--|" + ":--|" * len(columns),
    ]
    for name, expected in pairs.items():
        cells = [cell(column.said.get(name, ()), expected) for column in columns]
        known = expected["expect"]
        rows.append(f"| {name} | {expected['class']} | {known} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def cell(it, expected):
    """What a tool said of a pair, in a word. In brackets where it does not count."""
    if it == ():
        return ""
    if it is None:
        return "failed"
    if not it[0]:
        word = "–"
    else:
        word = "found" if is_regression(expected) else "**false alarm**"
    return word if is_judged(expected) else f"({word})"
