odoo.define("linserv_backup.Silent", function (require) {
    "use strict";

    const WebClient = require("web.WebClient");
    const core = require("web.core");
    const session = require("web.session");

    const _t = core._t;

    // When the scheduled actions do not run, Odoo can tell nobody but the person who opens it.
    WebClient.include({
        show_application: function () {
            if (session.linserv_backup_silent) {
                this.displayNotification({
                    type: "danger",
                    sticky: true,
                    title: _t("Nobody watches the backups"),
                    message: session.linserv_backup_silent,
                });
            }
            return this._super.apply(this, arguments);
        },
    });
});
