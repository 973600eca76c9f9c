"""What an answer to an exercise is and does, and how to say so in one line, whatever it is."""

import contextlib
import io
import linecache
import math
import sys
import sysconfig
import textwrap
import traceback
import warnings
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import Any, Callable

import mxnet as mx
import numpy as np
from mxnet.gluon import Block

from gluon_activations.curves import Curve, trace_activation
from gluon_activations.names import brief
from gluon_activations.words import decimals

WIDE = np.linspace(-10, 10, 501)  # where an answer is looked at, if nothing is said of it
_OURS = str(Path(__file__).parent)
_NOT_THE_READERS = (_OURS, *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")))


class NotYet(Exception):
    """An answer is not right; the text says why."""


def verdict(judge: Callable, answer: Any) -> str:
    """Say in one line what a judge finds: ``right``, or ``not yet:`` and why.

    Parameters
    ----------
    judge : callable
        Takes the answer, and raises `NotYet` if it is not right.
    answer : object
        Anything. What it raises is told too, with the line of the reader's code at which it does.

    Examples
    --------
    >>> verdict(number, 3), verdict(number, "three")
    ('right', "not yet: answer must be a number, not 'three'")
    """
    heard, complaint = _Ear(), ""
    try:
        with contextlib.redirect_stdout(heard), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            judge(answer)
    except NotYet as reason:
        complaint = str(reason)
    except (Exception, SystemExit) as error:
        complaint = _told(heard.error or error)
    finally:
        if heard.getvalue().strip():
            print(heard.getvalue().strip())
    return f"not yet: {' '.join(complaint.split())}" if complaint else "right"


class _Ear(io.StringIO):
    """Keeps what is printed, but for the tracebacks that MXNet prints of a backward: of those, the error."""

    error = None

    def write(self, text):
        if text.startswith(("Error in Function.", "Error in CustomOp.")) and sys.exc_info()[1]:
            self.error = sys.exc_info()[1]
            return len(text)
        return super().write(text)


def _told(error):
    frames = list(traceback.walk_tb(error.__traceback__))
    ours = frames and frames[-1][0].f_code.co_filename.startswith(_OURS)
    try:
        lines = str(error).strip().splitlines() or [""]
    except Exception:
        lines = ["no message that can be read"]
    # MXNet ends with what it has to say, after a traceback of its C++.
    said = lines[-1] if isinstance(error, mx.MXNetError) else textwrap.shorten(" ".join(lines), 300)
    told = said.rstrip(".") if ours and said else f"it raises {type(error).__name__}{': ' * bool(said)}{said}"
    return told + (_line(frames) or _line(list(traceback.walk_tb(getattr(error.__cause__, "__traceback__", None)))))


def _line(frames):
    """Show the last line that is the reader's."""
    for frame, number in reversed(frames):
        file, module = frame.f_code.co_filename, str(frame.f_globals.get("__name__"))
        if not file.startswith(_NOT_THE_READERS) and module.split(".")[0] != "mxnet":  # whose operators have no file
            code = linecache.getline(file, number, frame.f_globals).strip()
            return f", in line {number}" + f": {code}" * bool(code)
    return ""


def number(answer: Any) -> float:
    """Return a finite number: Python's, NumPy's, or the one that an array of either kind holds."""
    value = answer.asnumpy() if isinstance(answer, mx.nd.NDArray) else answer
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        raise NotYet(f"answer must be a number, not {shown(answer)}")
    try:
        value = float(value)
    except (OverflowError, ValueError):  # too large, or a signalling NaN
        value = math.nan
    if not math.isfinite(value):
        raise NotYet(f"answer must be a finite number, not {shown(answer)}")
    return value


def near(answer: Any, truth: float, within: float) -> None:
    """Object to a number that is not ``truth``, give or take ``within``."""
    guess = number(answer)
    if abs(guess - truth) > within:
        raise NotYet(f"{guess} is too {'small' if guess < truth else 'large'}")


def one_of(answer: Any, names: Any) -> str:
    """Return which of some names is meant, in small letters or large ones."""
    if isinstance(answer, str):
        for name in names:
            if answer.strip().lower() == name.lower():
                return name
    raise NotYet(f"answer must be one of {', '.join(map(repr, names))}; not {shown(answer)}")


def made(factory: Any) -> Block:
    """Return a new block from a factory, such as the block's class."""
    if isinstance(factory, Block):
        raise NotYet(f"answer must make a new block in each call, as a class does; {shown(factory)} is one already")
    if not callable(factory):
        raise NotYet(f"answer must make a block, as a class does; {shown(factory)} cannot be called")
    block, another = factory(), factory()
    if not isinstance(block, Block):
        raise NotYet(f"answer must make a block, as a class does; it makes {shown(block)}")
    if block is another:
        raise NotYet("answer must make a new block in each call; it gives the same one again")
    return block


def same(activation: Callable, x: Any, truth: np.ndarray, within: float = 1e-5, when: str = "") -> None:
    """Object to a function that has other values at ``x``, shape (n,), or a gradient that is not its slope."""
    curve = trace_activation(activation, x)
    equal("f(x)", curve.x, curve.y, truth, within, when)
    sound(curve)


def equal(name: str, x: np.ndarray, given: np.ndarray, truth: np.ndarray, within: float = 1e-5, when="") -> None:
    """Object to values, shape (n,), that are not ``truth``, give or take ``within`` and that share of themselves."""
    off = np.abs(given - truth)
    differs = ~(off <= within * (1 + np.abs(truth)))
    if differs.any():
        i = np.where(differs, np.nan_to_num(off, nan=np.inf), -1).argmax()
        scale = np.fmin(off[i], 1)  # so that the two do not look alike
        seen, right = (decimals(values[i], scale) for values in (given, truth))
        raise NotYet(f"at x = {decimals(x[i])}, {name} is {seen}, not {right}{when}")


def sound(curve: Curve) -> None:
    """Object to a curve that is not finite everywhere, or whose gradient is not its slope."""
    for name, values in (("f(x)", curve.y), ("f'(x)", curve.gradient)):
        if not np.isfinite(values).all():
            i = np.isfinite(values).argmin()
            raise NotYet(f"at x = {decimals(curve.x[i])}, {name} is {values[i]:.3f}")
    if not curve.right:
        raise NotYet(f"f'(x) {curve.verdict}")


def shown(answer: Any) -> str:
    """Show what was given, in short; of what can be called, the name alone, since its ``repr`` holds an address."""
    if callable(answer) and not isinstance(answer, type):
        return f"{type(answer).__name__} {getattr(answer, '__name__', '')}".strip()
    return brief(answer)
