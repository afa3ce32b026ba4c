odoo.define("linserv_contract.run_progress", function (require) {
    "use strict";

    const fieldRegistry = require("web.field_registry");
    const {FieldProgressBar} = require("web.basic_fields");

    const PAUSE = 1000;

    /**
     * The progress bar of a billing run: while the form is open it lets the run go on in short steps and shows
     * how far it has come; when the run is done the form is loaded again.
     */
    const RunProgress = FieldProgressBar.extend({
        start: function () {
            this._wait();
            return this._super.apply(this, arguments);
        },

        destroy: function () {
            clearTimeout(this.timer);
            this._super.apply(this, arguments);
        },

        _wait: function () {
            clearTimeout(this.timer);
            if (this.res_id && this.recordData.state === "running") {
                this.timer = setTimeout(this._step.bind(this), PAUSE);
            }
        },

        _step: async function () {
            let shown = {};
            try {
                shown = await this._rpc(
                    {model: this.model, method: "action_continue", args: [[this.res_id]]},
                    {shadow: true}
                );
            } catch (error) {
                // The scheduled action goes on; the bar shows the next answer.
                if (error && error.event) {
                    error.event.preventDefault();
                }
            }
            if (this.isDestroyed()) {
                return;
            }
            if (shown.state && shown.state !== "running") {
                this.trigger_up("reload");
                return;
            }
            if (shown.progress !== undefined) {
                this._render_value(shown.progress);
            }
            this._wait();
        },
    });

    fieldRegistry.add("linserv_run_progress", RunProgress);
    return RunProgress;
});
