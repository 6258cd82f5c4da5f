"""Order of Debian package versions."""

from __future__ import annotations


def newer(one: str, other: str) -> bool:
    """True when `one` is a later Debian version than `other` (Debian Policy 5.6.12)."""
    return one != other and _key(one) > _key(other)


_Part = list[tuple[list[int], int]]


def _key(version: str) -> tuple[int, _Part, _Part]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return _number(epoch), _part(upstream), _part(revision)


def _part(text: str) -> _Part:
    """Pairs of (order of the characters before a number, the number).

    Each run of characters ends with 0, the order of "nothing", so that `~` (-1) sorts before
    the end of the version and everything else after it.
    """
    pairs: _Part = []
    word: list[int] = []
    digits = ""
    for char in text + "\0":
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            pairs.append(([*word, 0], _number(digits)))
            word, digits = [], ""
        if char != "\0":
            word.append(_order(char))
    if word:
        pairs.append(([*word, 0], 0))
    return [*pairs, ([0], 0)]


def _number(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 1000 else 0


def _order(char: str) -> int:
    if char == "~":
        return -1
    return ord(char) if char.isascii() and char.isalpha() else ord(char) + 256
