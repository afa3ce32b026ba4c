"""Geometry of the line chart on the portal: values in, points of an SVG out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 5)
MOST_LABELS = 4


@dataclass(frozen=True)
class Frame:
    """Size of the picture and the room kept for labels, in SVG units."""

    width: int = 420
    height: int = 200
    left: int = 56
    right: int = 12
    top: int = 12
    bottom: int = 26


@dataclass(frozen=True)
class Point:
    """One value in the picture."""

    x: float
    y: float
    value: int
    label: str


@dataclass(frozen=True)
class Tick:
    """One horizontal line of the grid."""

    y: float
    value: int


@dataclass(frozen=True)
class Chart:
    """Everything a template needs to draw the chart."""

    frame: Frame
    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]

    @property
    def polyline(self) -> str:
        """The `points` attribute of an SVG polyline."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)

    @property
    def labelled(self) -> tuple[Point, ...]:
        """At most four points, first and last among them, whose labels do not run into each other."""
        last = len(self.points) - 1
        if last < MOST_LABELS:
            return self.points
        return tuple(self.points[round(last * number / (MOST_LABELS - 1))] for number in range(MOST_LABELS))


def step_for(highest: int, wanted: int = 4) -> int:
    """A round distance (1, 2 or 5 times a power of ten) giving at most `wanted` lines above zero."""
    power = 1
    while True:
        for factor in STEPS:
            if factor * power * wanted >= highest:
                return factor * power
        power *= 10


def line_chart(values: Sequence[tuple[str, int]], frame: Frame | None = None) -> Chart:
    """Lay out `values` (label, value) from left to right, from zero up."""
    frame = frame or Frame()
    highest = max((value for _label, value in values), default=0)
    step = step_for(max(highest, 1))
    top_value = step * max(-(-highest // step), 1)
    ticks = tuple(Tick(_y(value, top_value, frame), value) for value in range(0, top_value + 1, step))
    points = tuple(
        Point(_x(index, len(values), frame), _y(value, top_value, frame), value, label)
        for index, (label, value) in enumerate(values)
    )
    return Chart(frame, points, ticks)


def _x(index: int, count: int, frame: Frame) -> float:
    room = frame.width - frame.left - frame.right
    if count == 1:
        return round(frame.left + room / 2, 1)
    return round(frame.left + room * index / (count - 1), 1)


def _y(value: int, top_value: int, frame: Frame) -> float:
    room = frame.height - frame.top - frame.bottom
    return round(frame.top + room * (1 - value / top_value), 1)
