"""Figures against their bars."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value. Exactly one of the bars is set: the value has to reach `at_least`, or not pass `at_most`."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most

    def __str__(self) -> str:
        bar = f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"
        value = f"{self.value:.2f}" if isinstance(self.value, float) else str(self.value)
        return f"{self.name}: {value}{self.unit} (bar {bar}){'' if self.is_met else ' MISSED'}"


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
