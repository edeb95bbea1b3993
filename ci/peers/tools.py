"""How each tool is run on a pair, and what it then says.

What a tool says is a list of changes. A change has the workload, the metric, by how many percent it changed (`None` from
nothing to something), and the tool's own words on it. `is_finding` holds the rule by which it counts as found.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Callable

import sides

# No run takes as long. A tool that hangs must not keep the others from running.
TIMEOUT = 900


class Failed(Exception):
    """A run that ended without an answer."""


@dataclass(frozen=True)
class Tool:
    """A tool to hold against the pairs. Its name is that of its crate."""

    name: str
    package: str
    # Runs the first executable, as the baseline. `None`: compares two executables in one run.
    save: Callable | None
    # Runs the second one and gives the changes; arguments are folder, first and second executable, and what `save` gave.
    compare: Callable
    # Columns of the table: what follows the name, and what counts as found there.
    verdicts: dict
    # The rule in words.
    rule: str
    # Environment of the build.
    settings: dict


def run(command, folder, codes=(0,), **variables):
    """What a program prints, its errors included."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    try:
        done = subprocess.run(
            [str(word) for word in command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer within {TIMEOUT} s") from None
    if done.returncode not in codes:
        lines = done.stdout.strip().splitlines() or ["no message"]
        # Where a line speaks of an error, a backtrace may follow it.
        message = next((line for line in lines if re.search("error|panicked", line, re.IGNORECASE)), lines[-1])
        message = message.replace(str(sides.TARGET), "target/peers")
        raise Failed(f"exit code {done.returncode}: {message}")
    return done.stdout


def fresh(folder):
    """A folder without what an earlier run saved."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def change(workload, metric, percent, said):
    return {"workload": workload, "metric": metric, "percent": percent, "said": said}


# criterion

def criterion_save(folder, before):
    fresh(folder / "criterion")
    run([before, "--bench", "--save-baseline", "before"], folder, CRITERION_HOME=folder / "criterion")


def criterion_compare(folder, _before, after, _saved):
    # Lenient, because a workload that was added has nothing to be compared with.
    command = [after, "--bench", "--baseline-lenient", "before"]
    text = run(command, folder, CRITERION_HOME=folder / "criterion")
    return criterion_changes(text)


def criterion_changes(text):
    """Reads, for each benchmark, its name, a line of three changes, and a sentence."""
    changes, workload, percent = [], None, None
    for line in text.splitlines():
        if found := re.match(r"Benchmarking (\S+?)(?::|$)", line):
            workload = found[1]
        elif found := re.search(r"\[\S+% (\S+)% \S+%\] \(p = ", line):
            percent = number(found[1])
        elif found := re.match(r"\s+(Performance has .*|No change in .*|Change within .*)", line):
            changes.append(change(workload, "time", percent, found[1].strip()))
    return changes


# divan

DIVAN_TIME = r"([\d.]+) (ps|ns|µs|ms|s)"
DIVAN_ROW = re.compile(rf"[\s│├╰─]*(\S+)\s+{DIVAN_TIME}\s+│\s+{DIVAN_TIME}\s+│\s+{DIVAN_TIME}\s")
NANOSECONDS = {"ps": 1e-3, "ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}


def divan_times(folder, executable):
    """The fastest and the median time of each workload, in nanoseconds."""
    text = run([executable, "--bench"], folder)
    rows = [found.groups() for line in text.splitlines() if (found := DIVAN_ROW.match(line))]
    if not rows:
        raise Failed("no row of times")
    return {
        name: {"fastest": float(fastest) * NANOSECONDS[unit], "median": float(median) * NANOSECONDS[median_unit]}
        for name, fastest, unit, _slowest, _slowest_unit, median, median_unit in rows
    }


def divan_compare(folder, _before, after, saved):
    times = divan_times(folder, after)
    return [
        change(name, column, round((times[name][column] / old - 1) * 100, 2), f"{old:.4g} ns, {times[name][column]:.4g} ns")
        for name in saved.keys() & times.keys()
        for column, old in saved[name].items()
    ]


# gungraun

# Its own check runs at the strictest limit we report, so that looser ones can be told from what it prints.
GUNGRAUN_LIMITS = {"callgrind": "ir=1%", "dhat": "totalbytes=1%,totalblocks=1%"}
GUNGRAUN_VERSION = "0.20.0"
GUNGRAUN_FOUND = re.compile(r"Performance has regressed: (.+?) \(.*?\) regressed by\s+(\S+?)%")


def gungraun(folder, executable, arguments, codes=(0,)):
    runner = sides.TARGET / "bin/bin"
    arguments += [f"--{tool}-limits={limits}" for tool, limits in GUNGRAUN_LIMITS.items()]
    path = f"{runner}{os.pathsep}{os.environ['PATH']}"
    # Without a root it would ask cargo for the workspace around the folder it runs in.
    variables = {"GUNGRAUN_HOME": folder / "gungraun", "GUNGRAUN_WORKSPACE_ROOT": folder, "PATH": path}
    return run([executable, "--bench", *arguments], folder, codes, **variables)


def gungraun_save(folder, before):
    fresh(folder / "gungraun")
    gungraun(folder, before, ["--save-baseline=before"])


def gungraun_compare(folder, _before, after, _saved):
    # 3 says that there are regressions.
    text = gungraun(folder, after, ["--baseline=before"], codes=(0, 3))
    found = [GUNGRAUN_FOUND.search(line) for line in text.splitlines()]
    return [change("", it[1], number(it[2]), it[0]) for it in found if it]


# tango

# What its documentation promises one percent for; by default it takes a tenth of it, some ten iterations here.
TANGO_ARGUMENTS = ["--time", "1"]


def tango_compare(folder, before, after, _saved):
    # 1 says that something is significantly slower, or that there is an error.
    text = run([after, "compare", *TANGO_ARGUMENTS, before], folder, codes=(0, 1))
    if error := re.search(r"^error: .*", text, flags=re.MULTILINE):
        raise Failed(error[0])
    rows = [re.match(r"(?:\x1b\[2K)?(\S+)\s+\[.*\]\s+(\S+)%(\*?)", line) for line in text.splitlines()]
    changes = [change(it[1], "time", number(it[2]), "significant" if it[3] else "") for it in rows if it]
    if not changes:
        raise Failed("no row of times")
    return changes


def number(text):
    """A number with its sign, or none."""
    try:
        return float(text.replace("−", "-"))
    except ValueError:
        return None


def above(limit):
    """Findings of more percent than this."""
    return lambda it: it["percent"] is None or it["percent"] > limit


TOOLS = [
    Tool(
        "criterion", "criterion 0.8.2", criterion_save, criterion_compare,
        {"": lambda it: it["said"].startswith("Performance has regressed")},
        "it says \"Performance has regressed\"", {},
    ),
    Tool(
        "divan", "divan 0.1.21", divan_times, divan_compare,
        {"": above(5)},
        "it compares nothing; by our threshold on what it prints, the fastest or the median time is more than 5 % above",
        {},
    ),
    Tool(
        "gungraun", f"gungraun {GUNGRAUN_VERSION}", gungraun_save, gungraun_compare,
        {"5 %": above(5), "1 %": above(1)},
        "it says \"Performance has regressed\", with a limit for instructions, bytes and blocks: it has none by default, "
        "5 % is what its documentation sets in examples, and 1 % suits counts that repeat",
        # Its documentation asks for it: frames are told apart by their names.
        {"CARGO_PROFILE_BENCH_DEBUG": "true"},
    ),
    Tool(
        "tango", "tango-bench 0.9.0", None, tango_compare,
        {"": lambda it: it["said"] == "significant" and above(0)(it)},
        "it marks a slower time as significant after 1 s, which is 2.6 standard errors and more than 1 %", {},
    ),
]
