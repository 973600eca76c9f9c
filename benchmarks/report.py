"""Turn what `make bench` measured into a table of ratios and a plot.

    python benchmarks/report.py FOLDER

Reads FOLDER/*.json, as pytest-benchmark writes them; the part of a file's name after the last dash is the number of
threads. Writes FOLDER/table.txt and FOLDER/plot.png.
"""

import json
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

LOOKS = {  # Okabe and Ito's colours
    "MXNet": {"color": "#0072b2", "marker": "o"},
    "ours": {"color": "#d55e00", "marker": "s"},
    "PyTorch": {"color": "#009e73", "marker": "^"},
    "NumPy": {"color": "#cc79a7", "marker": "D"},
    "copy": {"color": "black", "linestyle": ":"},
}
AT = 10**6  # the size the table is about


def read(folder):
    """Return (name, maker, mode, what, size, threads) -> (lower quartile, median, upper quartile), in seconds."""
    times = {}
    for file in sorted(folder.glob("*.json")):
        threads = file.stem.rsplit("-", 1)[1]
        for run in json.loads(file.read_text(encoding="utf-8"))["benchmarks"]:
            info, stats = run["extra_info"], run["stats"]
            key = *(info[k] for k in ("name", "maker", "mode", "what", "size")), threads
            times[key] = stats["q1"], stats["median"], stats["q3"]
    return times


def ratio(a, b):
    """Say how many times as long as b a takes; in brackets, between which quartiles."""
    return f"{a[1] / b[1]:.2f} ({a[0] / b[2]:.2f} to {a[2] / b[0]:.2f})"


def table(times):
    """Yield one line for every activation, pass, mode and number of threads."""
    yield f"Medians over {AT} elements, float32, in ns an element; ratios with their quartiles."
    yield f"{'':20}{'':22}{'':11}{'threads':8}{'MXNet':>8}{'ours':>8}{'PyTorch':>8}  MXNet : ours"
    rows = sorted({(name, what, mode, n) for name, maker, mode, what, size, n in times if maker in ("MXNet", "ours")})
    for name, what, mode, threads in rows:
        found = {
            maker: times.get((name, maker, "imperative" if maker == "PyTorch" else mode, what, AT, threads))
            for maker in ("MXNet", "ours", "PyTorch")
        }
        cells = "".join(f"{t[1] / AT * 1e9:8.2f}" if t else f"{'-':>8}" for t in found.values())
        compared = ratio(found["MXNet"], found["ours"]) if found["MXNet"] and found["ours"] else ""
        yield f"{name:20}{what:22}{mode:11}{threads:8}{cells}  {compared}".rstrip()


def plot(times, path, what="forward and backward", mode="hybridised", threads="1"):
    """Draw cost against size: a panel an activation, a line a maker, a copy as the floor."""
    names = list(dict.fromkeys(key[0] for key in times if key[1] in ("MXNet", "ours")))
    rows = -(-(len(names) + 1) // 5)
    figure, grid = plt.subplots(rows, 5, figsize=(15, 2.9 * rows), sharex=True, sharey=True, layout="constrained")
    for ax, name in zip(grid.flat, names):
        draw(ax, times, (name, "MXNet", mode, what), threads)
        draw(ax, times, (name, "ours", mode, what), threads)
        draw(ax, times, (name, "PyTorch", "imperative", what), threads)
        draw(ax, times, (name, "NumPy", "imperative", "forward"), threads)
        draw(ax, times, ("copy", "NumPy", "imperative", "forward"), threads, look="copy")
        ax.set(title=name, xscale="log", yscale="log")
        ax.grid(alpha=0.3)
    for ax in grid.flat[len(names) :]:
        ax.axis("off")
    labels = {"NumPy": "NumPy, forward only", "copy": "a copy in NumPy"}
    handles = [plt.Line2D([], [], label=labels.get(maker, maker), **look) for maker, look in LOOKS.items()]
    grid.flat[-1].legend(handles=handles, loc="center", frameon=False, fontsize="large")
    figure.supxlabel("elements")
    figure.supylabel("seconds, forward and backward, hybridised, one thread")
    figure.savefig(path, dpi=80)


def draw(ax, times, key, threads, look=None):
    points = sorted((k[4], t) for k, t in times.items() if k[:4] == key and k[5] == threads)
    if points:
        sizes, seconds = zip(*points)
        ax.plot(sizes, [t[1] for t in seconds], **LOOKS[look or key[1]])


if __name__ == "__main__":
    matplotlib.use("agg")
    folder = Path(sys.argv[1])
    measured = read(folder)
    lines = "\n".join(table(measured))
    (folder / "table.txt").write_text(lines + "\n", encoding="utf-8")
    plot(measured, folder / "plot.png")
    print(lines)
