"""Figures that move without a kernel: the curves of each stop of a slider, computed when the pages are built."""

import ast
import itertools
import json
import re
from html import escape

import numpy as np
from matplotlib.ticker import MaxNLocator

from gluon_activations import trace_activation
from gluon_activations.names import display_name

STOPS = 51  # of all sliders together
WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 34, 48


def bound(statement):
    """Return the names that a statement gives a meaning."""
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def used(statement):
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def arguments(sources):
    """Return what the last line of some cells calls explore_activation with; of the rest, only what it needs is run."""
    code = "\n".join(re.sub(r"^[%!].*", "", source, flags=re.M) for source in sources)
    *statements, call = ast.parse(code).body
    wanted, needed = used(call), []
    for statement in reversed(statements):
        if wanted & set(bound(statement)):
            needed.insert(0, statement)
            wanted |= used(statement)
    given, space = [], {}
    exec(compile(ast.Module(needed, []), "notebook", "exec"), space)
    space["explore_activation"] = lambda *arguments, **ranges: given.extend([arguments, ranges])
    exec(compile(ast.Module([call], []), "notebook", "exec"), space)
    return given


def values(low, high, start=None, *, count):
    """Return the stops of one slider, and the place of its start among them."""
    start = (low + high) / 2 if start is None else start
    stops = np.linspace(low, high, count)
    place = int(abs(stops - start).argmin())
    stops[place] = start
    return stops.tolist(), place


def corners(x, y, low, high, slack):
    """Yield the points between two that a line must visit to stay as close to a curve as the slack allows."""
    off = abs(y[low : high + 1] - np.interp(x[low : high + 1], x[[low, high]], y[[low, high]]))
    if off.max() > slack:
        worst = low + int(off.argmax())
        yield from corners(x, y, low, worst, slack)
        yield worst
        yield from corners(x, y, worst, high, slack)


def path(x, y, shown, slack):
    """Return a curve as an SVG path in its own numbers, over the stretches where it is shown."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], shown, [False]]).astype(int)))
    parts = []
    for low, high in zip(ends[::2], ends[1::2] - 1):
        points = [low, *corners(x, y, low, high, slack), high]
        parts.append("M" + "L".join(f"{x[i]:.6g},{y[i]:.5g}" for i in points))
    return "".join(parts)


def stop(factory, x, parameters):
    """Return one stop's name, what is said of it, and its curve; None where there is none."""
    where = ", ".join(f"{name} = {value:.3g}" for name, value in parameters.items())
    try:
        activation = factory(**parameters)
        curve = trace_activation(activation, x)
    except Exception as error:  # of any kind, as explore_activation says it
        return {"at": where, "title": where, "says": f"no curve at {where}\n{type(error).__name__}: {error}"}, None
    return {"at": where, "title": display_name(activation), "says": repr(curve)}, curve


def figure(sources):
    """Return the markup of a figure that moves: a drawing, its sliders, its sentence and the numbers of every stop."""
    (factory, *x), ranges = arguments(sources)
    count = int(STOPS ** (1 / len(ranges)) + 1e-9)
    sliders = {name: values(*given, count=count) for name, given in ranges.items()}
    found = [
        stop(factory, *(x or [None]), dict(zip(sliders, chosen)))
        for chosen in itertools.product(*(stops for stops, _ in sliders.values()))
    ]
    curves = [curve for _, curve in found if curve]
    seen = np.concatenate([part[np.isfinite(part)] for curve in curves for part in (curve.y, curve.gradient)])
    bottom, top = seen.min(), seen.max()
    margin = 0.05 * (top - bottom) or 1
    box = (*curves[0].x[[0, -1]].tolist(), float(bottom - margin), float(top + margin))
    stops = []
    for said, curve in found:
        paths = {}
        if curve:
            slack = 1e-3 * (top - bottom)
            paths["f"] = path(curve.x, curve.y, np.isfinite(curve.y), slack)
            paths["gradient"] = path(curve.x, curve.gradient, np.isfinite(curve.gradient), slack)
            paths["slope"] = path(curve.x, curve.slope, curve.wrong & np.isfinite(curve.slope), slack)
        stops.append({**said, **paths})
    start = 0
    for _, place in sliders.values():
        start = start * count + place
    return markup(box, sliders, stops, stops[start], count)


def markup(box, sliders, stops, start, count):
    inputs = "".join(
        f'<label>{name} <input type="range" min="0" max="{count - 1}" value="{place}"></label>'
        for name, (_, place) in sliders.items()
    )
    numbers = json.dumps(stops, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<figure class="live">{drawing(box, start)}'
        f'<p class="sliders" hidden>{inputs}<output class="at"></output></p>'
        f'<p class="says" aria-live="polite">{escape(start["says"])}</p>'
        f'<script type="application/json">{numbers}</script>'
        '<p class="still">This figure moves where scripts run.</p></figure>'
    )


def drawing(box, start):
    """Return the SVG: a frame with ticks, and in it, in the numbers of the curve, the curves of the first stop."""
    low, high, bottom, top = box
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    frame = []
    for tick in ticks(low, high):
        at = LEFT + width * (tick - low) / (high - low)
        frame.append(f'<path class="grid" d="M{at:.1f} {TOP}v{height}"/>')
        frame.append(f'<text x="{at:.1f}" y="{TOP + height + 18}" text-anchor="middle">{number(tick)}</text>')
    for tick in ticks(bottom, top):
        at = TOP + height * (top - tick) / (top - bottom)
        frame.append(f'<path class="grid" d="M{LEFT} {at:.1f}h{width}"/>')
        frame.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    frame.append(f'<text x="{LEFT + width / 2}" y="{HEIGHT - 6}" text-anchor="middle">x</text>')
    frame.append(
        f'<text class="title" x="{LEFT + width / 2}" y="20" text-anchor="middle">{escape(start["title"])}</text>'
    )
    lines, legend = [], []
    for i, (name, label) in enumerate({"f": "f(x)", "gradient": "f'(x)", "slope": "slope of f(x)"}.items()):
        lines.append(f'<path class="{name}" d="{start.get(name, "")}" vector-effect="non-scaling-stroke"/>')
        y = TOP + 18 + 20 * i
        key = f'<path class="{name}" d="M{LEFT + 12} {y}h28"/><text x="{LEFT + 48}" y="{y + 4}">{label}</text>'
        hidden = "" if start.get(name) else ' style="display: none"'
        legend.append(f'<g class="key-{name}"{hidden}>{key}</g>')
    inside = f'viewBox="{low:g} {-top:g} {high - low:g} {top - bottom:g}" preserveAspectRatio="none"'
    plot = (
        f'<svg role="presentation" x="{LEFT}" y="{TOP}" width="{width}" height="{height}" {inside}>'
        f'<g transform="scale(1 -1)">{"".join(lines)}</g></svg>'
    )
    label = escape(f"{start['title']}. {start['says']}")
    opened = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
    return f"{opened}{''.join(frame)}{plot}{''.join(legend)}</svg>"


def ticks(low, high):
    return [tick for tick in MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]


def number(tick):
    return f"{tick:g}".replace("-", "\N{MINUS SIGN}")
