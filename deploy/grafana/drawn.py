"""Figures as Grafana draws them. Knows Grafana's model and nothing of what is shown."""

import json
from collections.abc import Callable, Iterator, Mapping

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.figures import Board, Figure, Row, Shape, once

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""Whichever Prometheus the reader chooses: set on the panel *and* on each of its queries."""
GREEN, AMBER, RED = "green", "orange", "red"
HEIGHTS = {Shape.NUMBER: 4, Shape.BARS: 8, Shape.LINES: 8}

_Drawn = stat.Panel | bargauge.Panel | timeseries.Panel


def as_json(board: Board) -> str:
    """Write a dashboard as Grafana loads it, the same each time."""
    return json.dumps(_dashboard(board).build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _dashboard(board: Board) -> dashboard.Dashboard:
    drawn = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["followthrough"])
        .readonly()
        .refresh(board.refresh)
        .time(board.time_from, "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    if board.has_queues:
        drawn.with_variable(_queues())
    ids = iter(range(1, 1000))
    for row in board.rows:
        drawn.with_row(dashboard.Row(row.title).id(next(ids)))
        for panel in _panels(row, ids):
            drawn.with_panel(panel)
    return drawn


def _queues() -> dashboard.QueryVariable:
    everything = VariableOption(selected=True, text="All", value="$__all")
    return (
        dashboard.QueryVariable("queue")
        .label("Queue")
        .datasource(SOURCE)
        .query(f"label_values({once('open_tickets')}, queue)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)  # noqa: FBT003 - the builder's own way
        .include_all(True)  # noqa: FBT003 - the builder's own way
        .all_value(".*")
        .current(everything)
    )


def _panels(row: Row, ids: Iterator[int]) -> Iterator[_Drawn]:
    for figure in row.figures:
        panel = _SHAPES[figure.shape]()
        panel.id(next(ids)).title(figure.title).description(figure.description).datasource(SOURCE)
        panel.unit(figure.unit).span(figure.width).height(HEIGHTS[figure.shape])
        panel.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(_steps(figure)))
        if figure.decimals is not None:
            panel.decimals(figure.decimals)
        if figure.since is not None:
            panel.time_from(figure.since)
        if figure.nothing is not None:
            panel.no_value(figure.nothing)
        for ref, query in zip("ABCDEFGH", figure.queries, strict=False):
            asked = prometheus.Dataquery().ref_id(ref).datasource(SOURCE).expr(query.expr).legend_format(query.legend)
            panel.with_target(asked.range() if figure.shape is Shape.LINES else asked.instant())
        yield panel


def _steps(figure: Figure) -> list[Threshold]:
    """Colour what is out of order; the figure itself stands there too."""
    if figure.red_below is not None:
        return [Threshold(None, RED), Threshold(figure.red_below, GREEN)]
    steps = [Threshold(None, GREEN)]
    if figure.amber_from is not None:
        steps.append(Threshold(figure.amber_from, AMBER))
    if figure.red_from is not None:
        steps.append(Threshold(figure.red_from, RED))
    return steps


def _number() -> stat.Panel:
    return (
        stat.Panel()
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(BigValueGraphMode.NONE)
    )


def _bars() -> bargauge.Panel:
    return (
        bargauge.Panel()
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .min(0)
    )


def _lines() -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    return (
        timeseries.Panel()
        .legend(legend.show_legend(True))  # noqa: FBT003 - the builder's own way
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .fill_opacity(10)
        .min(0)
    )


_SHAPES: Mapping[Shape, Callable[[], _Drawn]] = {Shape.NUMBER: _number, Shape.BARS: _bars, Shape.LINES: _lines}
