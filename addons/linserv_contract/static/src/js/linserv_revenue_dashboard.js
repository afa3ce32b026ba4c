odoo.define("linserv_contract.RevenueDashboard", function (require) {
    "use strict";

    const AbstractAction = require("web.AbstractAction");
    const core = require("web.core");

    const _t = core._t;
    const QWeb = core.qweb;

    const KIND_COLORS = {
        new: "#1b7f4b",
        reactivation: "#53a78a",
        expansion: "#3a78c3",
        contraction: "#d99a1c",
        churn: "#bf3b30",
        moved: "#6c757d",
    };
    const SERVICE_COLORS = ["#3a78c3", "#1b7f4b", "#d99a1c", "#7a4f9a", "#bf3b30", "#3c9ab0", "#8a6d3b", "#6c757d"];
    const LEVEL_COLOR = "#343a40";

    /** The page of recurring revenue: cards, graphs and tables, each number a way to the list behind it. */
    const RevenueDashboard = AbstractAction.extend({
        contentTemplate: "linserv_contract.RevenueDashboard",
        hasControlPanel: true,
        jsLibs: ["/web/static/lib/Chart/Chart.js"],
        events: {
            "click [data-month]": "_onClickMonth",
            "click [data-action]": "_onClickAction",
        },

        init: function () {
            this._super.apply(this, arguments);
            this.charts = [];
            this.month = false;
        },

        willStart: function () {
            return Promise.all([this._super.apply(this, arguments), this._load(false)]);
        },

        on_attach_callback: function () {
            this._super.apply(this, arguments);
            this._render();
        },

        on_detach_callback: function () {
            this._super.apply(this, arguments);
            this._destroyCharts();
        },

        destroy: function () {
            this._destroyCharts();
            this._super.apply(this, arguments);
        },

        _load: async function (month) {
            this.figures = await this._rpc({
                model: "linserv.revenue.dashboard",
                method: "get_figures",
                args: [month],
            });
            this.month = this.figures.month;
        },

        _render: function () {
            const $page = this.$(".o_linserv_revenue");
            this._destroyCharts();
            $page.html(QWeb.render("linserv_contract.RevenueDashboard.Page", {figures: this.figures}));
            if (this.figures.empty) {
                return;
            }
            this._drawHistory($page.find(".o_linserv_history canvas")[0]);
            this._drawForecast($page.find(".o_linserv_forecast canvas")[0]);
            this._loadReconciliation();
        },

        _loadReconciliation: async function () {
            const month = this.month;
            const bridge = await this._rpc({
                model: "linserv.revenue.dashboard",
                method: "get_reconciliation",
                args: [month],
            });
            if (month === this.month && !this.isDestroyed()) {
                this.$(".o_linserv_bridge").html(
                    QWeb.render("linserv_contract.RevenueDashboard.Bridge", {bridge: bridge})
                );
            }
        },

        _drawHistory: function (canvas) {
            const history = this.figures.history;
            const level = {
                type: "line",
                label: _t("Recurring revenue"),
                data: history.levels,
                borderColor: LEVEL_COLOR,
                backgroundColor: LEVEL_COLOR,
                fill: false,
                lineTension: 0,
                pointRadius: 3,
            };
            const bars = history.kinds.map((kind) => ({
                label: kind.label,
                data: kind.values,
                backgroundColor: KIND_COLORS[kind.key],
                stack: "movements",
            }));
            this._draw(canvas, history.labels, [level].concat(bars), (dataset, index) => {
                const action = Object.assign({}, history.rows[index].action);
                if (dataset > 0) {
                    action.domain = action.domain.concat([["kind", "=", history.kinds[dataset - 1].key]]);
                }
                this.do_action(action);
            });
        },

        _drawForecast: function (canvas) {
            const forecast = this.figures.forecast;
            const bars = forecast.services.map((service, number) => ({
                label: service.label,
                data: service.values,
                backgroundColor: SERVICE_COLORS[number % SERVICE_COLORS.length],
                stack: "services",
            }));
            this._draw(canvas, forecast.labels, bars, (dataset, index) => this.do_action(forecast.actions[index]));
        },

        _draw: function (canvas, labels, datasets, open) {
            const money = (value) => `${value.toLocaleString(undefined, {maximumFractionDigits: 0})}`;
            const chart = new window.Chart(canvas, {
                type: "bar",
                data: {labels: labels, datasets: datasets},
                options: {
                    maintainAspectRatio: false,
                    animation: {duration: 0},
                    legend: {position: "bottom", labels: {boxWidth: 12}},
                    tooltips: {
                        mode: "index",
                        intersect: false,
                        filter: (item) => Number(item.value) !== 0,
                        callbacks: {
                            label: (item, data) =>
                                `${data.datasets[item.datasetIndex].label}: ${money(Number(item.value))}`,
                        },
                    },
                    scales: {
                        xAxes: [{stacked: true, gridLines: {display: false}}],
                        yAxes: [{stacked: true, ticks: {beginAtZero: true, callback: money}}],
                    },
                    onClick: (event) => {
                        const [found] = chart.getElementAtEvent(event);
                        if (found) {
                            open(found._datasetIndex, found._index);
                        }
                    },
                },
            });
            this.charts.push(chart);
        },

        _destroyCharts: function () {
            this.charts.forEach((chart) => chart.destroy());
            this.charts = [];
        },

        _onClickMonth: async function (event) {
            const way = event.currentTarget.dataset.way;
            await this._load(event.currentTarget.dataset.month);
            this._render();
            const again = this.$(`[data-way="${way}"]`)[0];
            (again || this.$("[data-month]")[0] || this.el).focus();
        },

        _onClickAction: function (event) {
            event.preventDefault();
            const action = event.currentTarget.dataset.action;
            this.do_action(action.startsWith("{") ? JSON.parse(action) : action);
        },
    });

    core.action_registry.add("linserv_revenue_dashboard", RevenueDashboard);

    return RevenueDashboard;
});
