odoo.define("linserv_backup.Dashboard", function (require) {
    "use strict";

    const AbstractAction = require("web.AbstractAction");
    const core = require("web.core");

    const _t = core._t;
    const QWeb = core.qweb;

    const GOOD = "#1b7f4b";
    const BAD = "#bf3b30";
    const MIDDLE = "#3a78c3";
    const HOSTS = ["#3a78c3", "#7a4f9a", "#3c9ab0", "#8a6d3b", "#1b7f4b", "#6c757d"];

    /** The page of backups: what needs a person, key figures, graphs; each number a way to the list behind it. */
    const Dashboard = AbstractAction.extend({
        contentTemplate: "linserv_backup.Dashboard",
        hasControlPanel: true,
        jsLibs: ["/web/static/lib/Chart/Chart.js"],
        events: {
            "click [data-action]": "_onClickAction",
            "click [data-take]": "_onClickTake",
            "click [data-remedy]": "_onClickRemedy",
            "click [data-alert]": "_onClickAlert",
            "click .o_linserv_reload": "_onClickReload",
        },

        init: function () {
            this._super.apply(this, arguments);
            this.charts = [];
        },

        willStart: function () {
            return Promise.all([this._super.apply(this, arguments), this._load()]);
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

        _load: async function () {
            this.figures = await this._rpc({model: "linserv.backup.dashboard", method: "get_figures"});
        },

        _render: function () {
            const $page = this.$(".o_linserv_backup");
            this._destroyCharts();
            $page.html(QWeb.render("linserv_backup.Dashboard.Page", {figures: this.figures}));
            if (!this.figures.empty) {
                this._drawDays($page.find(".o_linserv_days canvas")[0]);
                this._drawMonths($page.find(".o_linserv_rpo canvas")[0], "rpo");
                this._drawMonths($page.find(".o_linserv_rto canvas")[0], "rto");
                this._drawCapacity($page.find(".o_linserv_capacity canvas")[0]);
            }
        },

        _drawDays: function (canvas) {
            const days = this.figures.days;
            const bars = [
                {label: _t("Proved"), data: days.proved, backgroundColor: GOOD, stack: "points"},
                {label: _t("Missing"), data: days.missing, backgroundColor: BAD, stack: "points"},
            ];
            const open = (index) => this.do_action(days.rows[days.rows.length - 1 - index].action);
            this._draw(canvas, "bar", days.labels, bars, {stacked: true, open: open});
        },

        _drawMonths: function (canvas, key) {
            const months = this.figures.months;
            const line = (label, data, color) => ({
                label: label,
                data: data,
                borderColor: color,
                backgroundColor: color,
                fill: false,
                lineTension: 0,
                pointRadius: 4,
            });
            const lines = [
                line(_t("The middle instance"), months[key][0], MIDDLE),
                line(_t("The worst instance"), months[key][1], BAD),
            ];
            this._draw(canvas, "line", months.labels, lines, {unit: _t("min")});
        },

        _drawCapacity: function (canvas) {
            const capacity = this.figures.capacity;
            const lines = [];
            capacity.hosts.forEach((host, number) => {
                const color = HOSTS[number % HOSTS.length];
                const common = {borderColor: color, backgroundColor: color, fill: false, pointRadius: 0, lineTension: 0};
                lines.push(Object.assign({label: host.name, data: host.was, spanGaps: true}, common));
                const forecast = {label: `${host.name}, ${_t("forecast")}`, data: host.will, borderDash: [6, 4]};
                lines.push(Object.assign(forecast, common));
            });
            this._draw(canvas, "line", capacity.labels, lines, {unit: "%", max: 100});
        },

        _draw: function (canvas, type, labels, datasets, options) {
            const write = (value) => `${value.toLocaleString()}${options.unit ? " " + options.unit : ""}`;
            const ticks = {beginAtZero: true, callback: write, maxTicksLimit: 6};
            if (options.max) {
                ticks.max = options.max;
            }
            const chart = new window.Chart(canvas, {
                type: type,
                data: {labels: labels, datasets: datasets},
                options: {
                    maintainAspectRatio: false,
                    animation: {duration: 0},
                    legend: {position: "bottom", labels: {boxWidth: 12}},
                    tooltips: {
                        mode: "index",
                        intersect: false,
                        callbacks: {
                            label: (item, data) =>
                                `${data.datasets[item.datasetIndex].label}: ${write(Number(item.value))}`,
                        },
                    },
                    scales: {
                        xAxes: [
                            {
                                stacked: Boolean(options.stacked),
                                gridLines: {display: false},
                                ticks: {maxTicksLimit: 12, maxRotation: 0},
                            },
                        ],
                        yAxes: [{stacked: Boolean(options.stacked), ticks: ticks}],
                    },
                    onClick: (event) => {
                        const [found] = chart.getElementsAtXAxis(event);
                        if (found && options.open) {
                            options.open(found._index);
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

        _reload: async function () {
            await this._load();
            if (!this.isDestroyed()) {
                this._render();
            }
        },

        _onClickAction: function (event) {
            event.preventDefault();
            const action = event.currentTarget.dataset.action;
            this.do_action(action.startsWith("{") ? JSON.parse(action) : action);
        },

        _onClickAlert: function (event) {
            event.preventDefault();
            this.do_action({
                type: "ir.actions.act_window",
                res_model: "linserv.backup.alert",
                res_id: Number(event.currentTarget.dataset.alert),
                views: [[false, "form"]],
            });
        },

        _onClickTake: async function (event) {
            const alert = Number(event.currentTarget.dataset.take);
            await this._rpc({model: "linserv.backup.alert", method: "action_take", args: [[alert]]});
            await this._reload();
            this.$(`[data-alert="${alert}"]`).first().focus();
        },

        _onClickRemedy: async function (event) {
            const alert = Number(event.currentTarget.dataset.remedy);
            const action = await this._rpc({
                model: "linserv.backup.dashboard",
                method: "action_remedy",
                args: [alert],
            });
            if (action) {
                this.do_action(action);
            } else {
                this.do_notify(_t("Ordered"), _t("It is done within a few minutes."));
                this._reload();
            }
        },

        _onClickReload: function () {
            this._reload();
        },
    });

    core.action_registry.add("linserv_backup_dashboard", Dashboard);

    return Dashboard;
});
