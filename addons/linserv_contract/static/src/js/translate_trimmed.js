odoo.define("linserv_contract.translate_trimmed", function (require) {
    "use strict";

    const env = require("web.commonEnv");

    /**
     * Odoo's templates are translated by their words, but owl 1.0 looks them up with the spaces around them and so
     * leaves the chatter in English ("Log note", "Following"). The spaces stay where they were.
     */
    const translate = env.qweb.translateFn;

    env.qweb.translateFn = function (text) {
        const parts = /^(\s*)([\s\S]*?)(\s*)$/.exec(text);
        return parts[2] ? parts[1] + translate(parts[2]) + parts[3] : text;
    };
});
