"""Draws how search grows with the library."""

from collections.abc import Sequence
from io import BytesIO

from assistant import SettingsError
from tools.bench.results import BenchmarkResult, Measurement

PANELS = ("by both, p95", "resident memory", "build", "by vectors, recall@10")
"""The measurements that are drawn, a panel each."""


def check_matplotlib() -> None:
    """Raise SettingsError if matplotlib isn't installed."""
    try:
        import matplotlib.figure  # noqa: F401 - whether it can be
    except ImportError:
        raise SettingsError("Drawing needs matplotlib: run `make bench`, or `pip install -r tools/requirements.txt`.") from None


def growth_chart(result: BenchmarkResult) -> bytes:
    """Return an SVG with the `PANELS` of a search benchmark over the size of the library. Equal results give equal drawings.

    Raises SettingsError as `check_matplotlib` does.
    """
    check_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "quipu", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 6), layout="constrained")
        for panel, what in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
            drawn = [each for each in result.measurements if each.what == what]
            sizes = [int(each.group.replace(",", "")) for each in drawn]
            panel.plot(sizes, [each.quipu for each in drawn], "o-", label="Quipu")
            panel.plot(sizes, [each.baseline for each in drawn], "s--", label="FAISS flat and bm25s")
            panel.set_title(what + _unit(drawn))
            panel.set_xscale("log")
            panel.set_xlabel("passages")
            if drawn and drawn[0].unit:
                panel.set_yscale("log")
            panel.grid(visible=True, alpha=0.3)
            panel.legend()
        svg = BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return svg.getvalue()


def _unit(measurements: Sequence[Measurement]) -> str:
    return f", {measurements[0].unit}" if measurements and measurements[0].unit else ""
