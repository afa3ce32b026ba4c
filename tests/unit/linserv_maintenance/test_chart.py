"""The portal's chart is drawn to scale, from zero, with round numbers on its grid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_maintenance.domain.chart import Frame, line_chart, step_for


@pytest.mark.parametrize(
    ("highest", "step"), [(1, 1), (4, 1), (5, 2), (20, 5), (21, 10), (1_200, 500), (268_396, 100_000)]
)
def test_steps_are_round(highest, step):
    assert step_for(highest) == step


def test_a_year_of_counts():
    chart = line_chart([("Sep", 1_000), ("Oct", 1_500), ("Nov", 2_000)], Frame(100, 100, 0, 0, 0, 0))
    assert [tick.value for tick in chart.ticks] == [0, 500, 1_000, 1_500, 2_000]
    assert chart.polyline == "0,50 50,25 100,0"


def test_one_count_stands_in_the_middle():
    assert line_chart([("Oct", 10)], Frame(100, 100, 0, 0, 0, 0)).points[0].x == 50


def test_no_count_draws_an_empty_grid():
    chart = line_chart([])
    assert not chart.points
    assert chart.ticks[0].value == 0


@given(st.lists(st.integers(0, 10**8), max_size=40))
def test_every_point_lies_inside_the_frame(values):
    chart = line_chart([("", value) for value in values])
    frame = chart.frame
    assert all(frame.left <= point.x <= frame.width - frame.right for point in chart.points)
    assert all(frame.top <= point.y <= frame.height - frame.bottom for point in chart.points)


@pytest.mark.parametrize(
    ("count", "labels"), [(0, []), (1, ["0"]), (4, ["0", "1", "2", "3"]), (24, ["0", "8", "15", "23"])]
)
def test_labels_do_not_run_into_each_other(count, labels):
    chart = line_chart([(str(number), number) for number in range(count)])
    assert [point.label for point in chart.labelled] == labels
