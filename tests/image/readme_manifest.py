"""Extracts the pod of helm/README.md for the test that runs it."""

import pathlib
import re

import yaml

README = pathlib.Path(__file__).parents[2] / "helm/README.md"
# The placeholder of the reader's registry.
REGISTRY = "registry.example"


def section() -> str:
    """"By hand"."""
    found = re.search(r"^## By hand\n(.*?)^## ", README.read_text(), re.MULTILINE | re.DOTALL)
    return found[1]


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", section(), re.MULTILINE | re.DOTALL)


def manifest() -> dict:
    """The only complete Pod of the section."""
    pods = [block for block in _blocks("yaml") if block.startswith("apiVersion: v1\nkind: Pod\n")]
    assert len(pods) == 1, f"there must be one Pod in the section, not {len(pods)}"
    return yaml.safe_load(pods[0])


def podman_line() -> str:
    """The only `podman run` line of the section."""
    lines = [line for block in _blocks("sh") for line in block.splitlines()
             if line.startswith("podman run ")]
    assert len(lines) == 1, f"there must be one podman run in the section, not {len(lines)}"
    return lines[0]


def secrets() -> dict[str, list[str]]:
    """The Secrets that the reader creates: maps each name to its files."""
    return {name: re.findall(r"--from-file=(\S+)", files) for name, files in
            re.findall(r"^kubectl create secret generic (\S+) (.*)$", section(), re.MULTILINE)}
