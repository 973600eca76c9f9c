"""The file of a sweep: a line of JSON for each run, only ever added to."""

import json
import math
import os
import warnings
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Sequence, Tuple, Union

COLUMNS = ("net", "activation", "initialiser", "lr", "depth", "seed", "width", "epochs", "batch_size", "data")


def key(row: Dict) -> Tuple:
    """Return what tells a run from all others.

    Examples
    --------
    >>> key(dict.fromkeys(COLUMNS, 1)) == (1,) * len(COLUMNS)
    True
    """
    return tuple(row[name] for name in COLUMNS)


def plain_numbers(name: str, given: Iterable, kind: Callable) -> List:
    """Return numbers, NumPy's too, as Python's, which JSON knows; each once.

    Raises
    ------
    TypeError, ValueError
        If they are not what ``kind``, which is float or operator.index, takes; or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> plain_numbers("lrs", np.array([0.5, 0.25, 0.5], dtype="float32"), float)
    [0.5, 0.25]
    """
    try:
        numbers = [kind(number) for number in given]
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} must hold {'whole ' * (kind is not float)}numbers; {given!r} does not.") from None
    if kind is float and not all(map(math.isfinite, numbers)):
        raise ValueError(f"{name} must hold finite numbers; {given!r} does not.")
    return list(dict.fromkeys(numbers))


class RowFile:
    """A file that keeps rows. What stands in it already is never changed.

    Parameters
    ----------
    path : str, pathlib.Path or None
        None keeps nothing.

    Raises
    ------
    ValueError
        If the file cannot be read and written, or holds something, but no row.

    Warns
    -----
    UserWarning
        If some of its lines are no rows, such as one that was cut short; with their numbers.

    Examples
    --------
    >>> RowFile(None).rows
    []
    """

    def __init__(self, path: Union[str, Path, None]):
        self._path, self._unwritten = path, []
        self.rows: List[Dict] = []
        if path is None:
            return
        there = os.path.exists(path) and not os.path.isdir(path)
        if there and not os.path.isfile(path):  # a device could be read without end
            raise ValueError(f"file must be one that can be written; {str(path)!r} is no regular file.")
        try:
            with open(path, "a+b") as file:  # it makes the file, and so shows before the first run that this works
                file.seek(0)
                lines = file.read().split(b"\n")
        except OSError as error:
            raise ValueError(
                f"file must be one that can be written; {str(path)!r} cannot ({error.strerror})."
            ) from None
        damaged = []
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line.decode("utf-8-sig"))
                hash(key(row)), row["error"]
            except (ValueError, KeyError, TypeError, RecursionError):
                damaged += [number] if line.strip() or number < len(lines) else []
            else:
                self.rows.append(row)
        if damaged and not self.rows:
            raise ValueError(f"file must be one that sweep wrote; no line of {str(path)!r} is a row of a sweep.")
        if damaged:
            which = f"line {damaged[0]}" if len(damaged) == 1 else f"lines {_listed(damaged)}"
            warnings.warn(f"{which} of {str(path)!r}: no row of a sweep, and passed over", stacklevel=3)

    def add(self, row: Dict) -> None:
        """Write a row, or warn that it cannot be written, and try again with the next one."""
        if self._path is None:
            return
        first = not self._unwritten
        self._unwritten.append(row)
        try:
            self._write()
        except OSError as error:
            if first:
                cause = f"{str(self._path)!r} cannot be written ({error.strerror})"
                warnings.warn(f"{cause}; its rows are in what sweep returns, and are written once it can", stacklevel=3)

    def _write(self):
        with open(self._path, "a+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            parted = file.read() in (b"", b"\n")  # else the last line, whole or cut short, lacks its end
            lines = "".join(json.dumps(row) + "\n" for row in self._unwritten)
            file.write((lines if parted else "\n" + lines).encode())
        self._unwritten.clear()


def _listed(numbers: Sequence[int]) -> str:
    shown = [str(number) for number in numbers[:5]] + ([f"{len(numbers) - 5} more"] if len(numbers) > 5 else [])
    return ", ".join(shown[:-1]) + f" and {shown[-1]}"
