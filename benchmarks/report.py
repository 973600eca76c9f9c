"""Turn what `make bench` measured into a table of ratios and plots of cost against size.

    python benchmarks/report.py FOLDER

Reads FOLDER/*.json, as pytest-benchmark writes them; what follows the last dash of a file's name is the number of
threads. Prints the table for a million elements, and writes FOLDER/table.txt, with all sizes, and FOLDER/*.png.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from cases import STEP

LOOKS = {  # Okabe and Ito's colours, which the colour-blind can tell apart
    "MXNet": {"color": "#0072b2", "marker": "o"},
    "ours": {"color": "#d55e00", "marker": "s"},
    "PyTorch": {"color": "#009e73", "marker": "^"},
    "NumPy": {"color": "#cc79a7", "marker": "D"},
    "copy": {"color": "0.35", "linestyle": ":"},
}
LABELS = {"ours": "this package", "PyTorch": "PyTorch, eager", "copy": "a copy: the floor"}
TITLES = {"GELU": "GELU (this package: its tanh form)"}
COPY = "copy", "NumPy", "imperative", "forward"


def read(folder):
    """Return (name, maker, mode, what, size, threads) -> array of ns an element, a median for each turn."""
    times = defaultdict(dict)
    for file in sorted(folder.glob("*.json")):
        threads = int(file.stem.rsplit("-", 1)[1])
        for run in json.loads(file.read_text(encoding="utf-8"))["benchmarks"]:
            info = run["extra_info"]
            key = *(info[k] for k in ("name", "maker", "mode", "what", "size")), threads
            times[key][info["turn"]] = run["stats"]["median"] / info["size"] * 1e9
    return {key: np.array([turns[i] for i in sorted(turns)]) for key, turns in times.items()}


def table(times, size):
    """Yield the lines of the table for one size."""
    yield f"\n{size:,} elements, float32. ns an element: medians. Ratios: median, and lowest to highest of the turns."
    yield f"{'':43}{'MXNet':>8}{'ours':>8}{'NumPy':>8}{'PyTorch':>8}  {'MXNet : ours':20}{'ours, else MXNet : PyTorch'}"
    for threads in sorted({key[5] for key in times}):
        for what in ("forward", "forward and backward"):
            for mode in ("imperative", "hybridised"):
                yield f"\n{what}, {mode}, {threads} thread{'s' * (threads > 1)}"
                for name in names(times):
                    yield row(times, name, mode, what, size, threads)


def row(times, name, mode, what, size, threads):
    def of(maker, mode=mode):
        return times.get((name, maker, mode, what, size, threads))

    mxnet, ours, numpy, pytorch = of("MXNet"), of("ours"), of("NumPy"), of("PyTorch", "imperative")
    cells = "".join(f"{'-':>8}" if ns is None else f"{np.median(ns):8.2f}" for ns in (mxnet, ours, numpy, pytorch))
    best = ours if ours is not None else mxnet
    return f"  {name:41}{cells}  {ratio(mxnet, ours):20}{ratio(best, pytorch)}".rstrip()


def ratio(a, b):
    """Say how many times as long as b a takes."""
    if a is None or b is None:
        return "-"
    turns = a / b
    return f"{np.median(turns):.2f} ({turns.min():.2f}-{turns.max():.2f})"


def names(times):
    return list(dict.fromkeys(key[0] for key in times if key[0] not in ("copy", STEP)))


def training(times):
    """Yield a line for each number of threads: how long a step of `experiments.train` takes."""
    yield "\nOne training step, 40-100-100-10, ReLU, Adam, batch 100: microseconds"
    for threads in sorted({key[5] for key in times if key[0] == STEP}):
        mxnet, pytorch = (
            times.get((STEP, maker, mode, STEP, 40, threads))
            for maker, mode in (("MXNet", "hybridised"), ("PyTorch", "imperative"))
        )
        took = [
            f"{maker} {np.median(ns) / 1e3:.0f}"
            for maker, ns in (("MXNet", mxnet), ("PyTorch", pytorch))
            if ns is not None
        ]
        yield f"  {threads} thread{'s' * (threads > 1)}: {', '.join(took)}; MXNet : PyTorch {ratio(mxnet, pytorch)}"


def plot(times, path, what, threads):
    """Draw cost against size: a panel an activation, a line a maker; a band from the lowest to the highest turn."""
    rows = len(names(times)) // 4 + 1  # one panel more than there are names, for the legend
    figure, grid = plt.subplots(rows, 4, figsize=(13, 2.75 * rows), sharex=True, sharey=True, layout="constrained")
    for ax, name in zip(grid.flat, names(times)):
        for maker in ("MXNet", "ours", "PyTorch", "NumPy"):
            modes = ("hybridised", "imperative") if maker in ("MXNet", "ours") else ("imperative",)
            for mode in modes:
                faint = {"alpha": 0.45, "linestyle": "--", "marker": ""} if len(modes) > 1 and mode == modes[1] else {}
                draw(ax, times, (name, maker, mode, what), threads, **{**LOOKS[maker], **faint})
        draw(ax, times, COPY, threads, **LOOKS["copy"])
        ax.set(title=TITLES.get(name, name), xscale="log", yscale="log")
        ax.grid(alpha=0.25)
    legend(
        grid.flat[-1],
        [maker for maker in LOOKS if maker == "copy" or any((maker, what) == key[1:4:2] for key in times)],
    )
    figure.suptitle(f"{what.capitalize()}, float32, {threads} thread{'s' * (threads > 1)}", fontsize="x-large")
    figure.supxlabel("elements")
    figure.supylabel("ns an element")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def draw(ax, times, key, threads, **look):
    points = sorted((k[4], ns) for k, ns in times.items() if k[:4] == key and k[5] == threads)
    if points:
        sizes, turns = zip(*points)
        ax.plot(sizes, [np.median(ns) for ns in turns], markersize=4, **look)
        lowest, highest = zip(*((ns.min(), ns.max()) for ns in turns))
        ax.fill_between(sizes, lowest, highest, color=look["color"], alpha=0.15, linewidth=0)


def legend(ax, makers):
    handles = [plt.Line2D([], [], label=LABELS.get(maker, maker), **LOOKS[maker]) for maker in makers]
    handles.append(plt.Line2D([], [], color="0.35", label="hybridised (PyTorch, NumPy: as is)"))
    handles.append(plt.Line2D([], [], color="0.35", alpha=0.6, linestyle="--", label="imperative"))
    ax.axis("off")
    ax.legend(handles=handles, loc="center", frameon=False, fontsize="large")


def main(folder):
    times = read(folder)
    tables = {size: "\n".join(table(times, size)) for size in sorted({key[4] for key in times if key[0] != STEP})}
    text = "\n".join([*tables.values(), *training(times)])
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    for what, threads in sorted({(key[3], key[5]) for key in times if key[3] != STEP}):
        plot(times, folder / f"{what.replace(' ', '-')}-{threads}.png", what, threads)
    print(tables[10**6])
    print("\n".join(training(times)))
    if not any(key[1] == "PyTorch" for key in times):
        print("\nWithout PyTorch; make bench TORCH=... takes it along.")
    print(f"\nAll sizes: {folder / 'table.txt'}. Plots: {folder}/*.png.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
