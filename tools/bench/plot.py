"""Draws how search grows."""

from collections.abc import Sequence
from io import BytesIO

from assistant import SettingsError
from tools.bench.tables import Line, Table

DRAWN = ("by both, p95", "resident memory", "build", "by vectors, recall@10")
"""The figures that are drawn, a panel each."""


def check_drawing() -> None:
    """Raises SettingsError if matplotlib isn't installed, which comes with the extra `bench`."""
    try:
        import matplotlib.figure  # noqa: F401 - whether it can be
    except ImportError:
        raise SettingsError("To draw, Quipu needs matplotlib: install it with `pip install 'quipu[bench]'`.") from None


def growth(table: Table) -> bytes:
    """An SVG with a panel for each of the figures `DRAWN`, over the size of the library; equal tables give equal drawings.

    Raises SettingsError as `check_drawing` does.
    """
    check_drawing()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "quipu", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 6), layout="constrained")
        for panel, what in zip(figure.subplots(2, 2).flat, DRAWN, strict=True):
            lines = [line for line in table.lines if line.what == what]
            sizes = [int(line.group.replace(",", "")) for line in lines]
            panel.plot(sizes, [line.quipu for line in lines], "o-", label="Quipu")
            panel.plot(sizes, [line.plain for line in lines], "s--", label="FAISS flat and bm25s")
            panel.set_title(what + _unit(lines))
            panel.set_xscale("log")
            panel.set_xlabel("passages")
            if lines and lines[0].unit:
                panel.set_yscale("log")
            panel.grid(visible=True, alpha=0.3)
            panel.legend()
        drawn = BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()


def _unit(lines: Sequence[Line]) -> str:
    return f", {lines[0].unit}" if lines and lines[0].unit else ""
