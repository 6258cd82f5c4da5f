"""Reads what real hosts answered."""

from __future__ import annotations

from pathlib import Path

from scanner.facts.spec import Output


def recorded(fact: str, case: str) -> Output:
    """The output saved under recorded/FACT/CASE.txt."""
    return Output((Path(__file__).parent / "recorded" / fact / f"{case}.txt").read_bytes())
