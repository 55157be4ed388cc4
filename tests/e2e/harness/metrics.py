"""Queries of Prometheus text."""

import re

_SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: (-?\d+))?$')
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def _unescaped(value: str) -> str:
    return re.sub(r"\\[\\\"n]", lambda found: _ESCAPES[found[0]], value)


class Metrics:
    """Every sample of a page, by name and labels."""

    def __init__(self, page: str):
        self.samples: dict[tuple, float] = {}
        for line in page.split("\n"):
            if not line or line.startswith("#"):
                continue
            found = _SAMPLE.match(line)
            if not found:
                raise ValueError(f"not a sample: {line!r}")
            labels = {name: _unescaped(value) for name, value in _LABEL.findall(found[2] or "")}
            key = (found[1], frozenset(labels.items()))
            if key in self.samples:
                raise ValueError(f"a series is a duplicate: {line!r}")
            self.samples[key] = float(found[3])

    def value(self, name: str, **labels: str):
        """The value of the sample with exactly these labels; None if it is missing."""
        return self.samples.get((name, frozenset(labels.items())))

    def all(self, name: str, **labels: str) -> dict[tuple, float]:
        """All samples of that name with at least these labels."""
        wanted = set(labels.items())
        return {key: value for key, value in self.samples.items()
                if key[0] == name and wanted <= key[1]}

    def names(self) -> set[str]:
        return {name for name, _ in self.samples}
