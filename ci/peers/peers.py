#!/usr/bin/env python3
"""Runs criterion, divan, gungraun and tango on the seeded pairs, and writes what each of them finds.

Before a run of all pairs, remove `target/peers`, so that the seconds are those of a first build. Results are kept in
reports/peers.json: a run of some tools or pairs replaces theirs there and leaves the others.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import report
import sides
import tools


def main():
    names = [tool.name for tool in tools.TOOLS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="*", help="pairs to run, all if there are none")
    parser.add_argument("--tool", action="append", choices=names, help="tool to run, can be repeated; all if there is none")
    parser.add_argument("--same", action="store_true", help="also compare the before side with itself")
    parser.add_argument("--render", action="store_true", help="write the report from saved results and run nothing")
    parser.add_argument("--output", type=Path, default=sides.ROOT / "reports", help="folder of peers.json and peers.md")
    arguments = parser.parse_args()

    pairs = sides.pairs(arguments.pairs)
    saved = arguments.output / "peers.json"
    results = json.loads(saved.read_text()) if saved.is_file() else {}
    if not arguments.render:
        arguments.output.mkdir(parents=True, exist_ok=True)
        for tool in tools.TOOLS:
            if arguments.tool is None or tool.name in arguments.tool:
                measure(tool, list(pairs), arguments.same, results, saved)
    (arguments.output / "peers.md").write_text(report.render(results, sides.pairs([]), sides.ROOT / "reports/truth.md"))


def measure(tool, names, wants_same, results, saved):
    """Builds and runs the pairs with one tool; what is known is saved after each."""
    if tool.name == "gungraun":
        install_runner()
    sides.assemble(tool.name, names)
    executables, seconds = sides.build(tool.name, tool.settings)
    result = results.setdefault(tool.name, {"pairs": {}})
    result["package"] = tool.package
    result["build"] = {"seconds": round(seconds, 1), "pairs": len(names)}
    for name in names:
        folder = sides.TARGET / tool.name / "runs" / name
        result["pairs"][name] = pair = one(tool, folder, executables["before"][name], executables["after"][name], wants_same)
        print(f"{tool.name} {name}: {pair.get('failed') or pair['seconds']}", file=sys.stderr, flush=True)
        saved.write_text(json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def one(tool, folder, before, after, wants_same):
    """What a tool says of one pair, and of its before side against itself."""
    pair = {}
    try:
        began = time.monotonic()
        baseline = tool.save(folder, before) if tool.save else None
        pair["changes"] = tool.compare(folder, before, after, baseline)
        pair["seconds"] = round(time.monotonic() - began, 2)
        if wants_same:
            # Against the baseline that the after side was held against.
            pair["same"] = tool.compare(folder, before, before, baseline)
    except tools.Failed as failure:
        pair["failed"] = str(failure)
    return pair


def install_runner():
    """The program that gungraun's benches call, which has to have their version."""
    version = tools.GUNGRAUN_VERSION
    command = ["cargo", "install", "--quiet", "--locked", "--root", sides.TARGET / "bin"]
    subprocess.run([*command, f"gungraun-runner@{version}"], check=True)


if __name__ == "__main__":
    main()
