"""The two sides of the seeded pairs as two workspaces, with a tool's crate in place of perfkit."""

import json
import os
import re
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEDED = ROOT / "workloads/seeded"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").absolute() / "peers"

# Of one length, so that the paths in the binaries are, too. The folders are those of `cargo xtask truth`.
FOLDERS = {"before": "base", "after": "head"}


def pairs(names):
    """`expect.toml` of all pairs by name, or of those that are named."""
    found = {}
    for file in sorted(SEEDED.glob("*/expect.toml")):
        with file.open("rb") as text:
            found[file.parent.name] = tomllib.load(text)
    unknown = [name for name in names if name not in found]
    if unknown:
        raise SystemExit(f"error: no pair is called `{unknown[0]}`")
    return {name: found[name] for name in names or found}


def assemble(tool, names):
    """Copies the sides of these pairs; what was built before stays."""
    for side, folder in FOLDERS.items():
        workspace = TARGET / tool / folder
        workspace.mkdir(parents=True, exist_ok=True)
        for entry in workspace.iterdir():
            if entry.is_dir() and entry.name != "target":
                shutil.rmtree(entry)
        manifest = (SEEDED / "Cargo.toml").read_text()
        crate = json.dumps(str(ROOT / "ci/peers" / tool))
        manifest = replaced(r"^members = .*$", f"members = {json.dumps(names)}", manifest)
        manifest = replaced(r"^perfkit = .*$", f"perfkit = {{ path = {crate} }}", manifest)
        (workspace / "Cargo.toml").write_text(manifest)
        shutil.copy(SEEDED / "Cargo.lock", workspace / "Cargo.lock")
        for name in names:
            shutil.copytree(SEEDED / name / side, workspace / name)


def replaced(pattern, line, text):
    """The text with one line exchanged, which has to be there."""
    text, count = re.subn(pattern, lambda _: line, text, flags=re.MULTILINE)
    if count != 1:
        raise SystemExit(f"error: the manifest of the seeded pairs has {count} lines like `{pattern}`")
    return text


def build(tool, settings):
    """Executables of the bench targets, by side and pair, and the seconds it took."""
    began = time.monotonic()
    executables = {side: build_side(tool, TARGET / tool / folder, settings) for side, folder in FOLDERS.items()}
    return executables, time.monotonic() - began


def build_side(tool, workspace, settings):
    """Executables of one side's bench targets by pair."""
    # In one folder the sides would overwrite each other: their packages have one name and one place in the workspace.
    environment = os.environ | {"CARGO_TARGET_DIR": str(workspace / "target")} | settings
    command = ["cargo", "bench", "--quiet", "--workspace", "--benches", "--no-run", "--message-format=json-render-diagnostics"]
    output = subprocess.run(command, cwd=workspace, env=environment, stdout=subprocess.PIPE, text=True)
    if output.returncode != 0:
        raise SystemExit(f"error: the benches in {workspace.name} do not build with {tool}")
    messages = (json.loads(line) for line in output.stdout.splitlines() if line.startswith("{"))
    return {
        message["target"]["name"]: Path(message["executable"])
        for message in messages
        if message["reason"] == "compiler-artifact" and message["target"]["kind"] == ["bench"]
    }
