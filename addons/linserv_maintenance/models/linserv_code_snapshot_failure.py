from odoo import _, api, models
from odoo.tools import format_date


class LinservCodeSnapshot(models.Model):
    """Why a count failed, in words that say what happened, what was kept and what to do."""

    _inherit = "linserv.code.snapshot"

    @api.model
    def _get_host_failure_texts(self):
        """Return the texts of what the counter on the host reports; runs have words for the rest."""
        return {
            "no_host": _("The instance has no host. Choose the host it runs on."),
            "cancelled": _("The count was cancelled."),
            "database_missing": _("The instance's database is gone or has another name now. Look at agent.json there."),
            "database_refused": _("The instance's database refused the agent's login. Look at agent.json there."),
            "database_unreachable": _("The instance's database server does not answer."),
            "database_timeout": _("The instance's database did not answer in time. Look at its load."),
            "database_foreign": _("The database of the instance is no Odoo database. Look at agent.json there."),
            "instance_missing": _("The agent does not know this instance. Add it to agent.json on the host."),
            "core_missing": _("Odoo itself was not found in the folders of the instance. Look at agent.json there."),
            "python_missing": _("The Python of the instance was not found on the host. Look at agent.json there."),
            "python_broken": _("The Python of the instance does not work on the host."),
            "profile_unknown": _("There is no rule to count this Odoo series with."),
            "cache_unwritable": _("The agent cannot write in its own folder on the host. Install the agent again."),
        }

    @api.model
    def _get_answer_failure_texts(self):
        """Return the texts of answers that came but cannot be believed."""
        return {
            "bad_value": _("The host's count is not well formed, so nothing of it was used."),
            "unreadable": _("The host's list of files cannot be read, so nothing of it was used."),
            "too_large": _("The host's count is larger than any real instance, so nothing of it was used."),
            "bad_name": _("A module or file has a name with control characters or markup. Have it renamed."),
            "duplicate": _("The host listed a module or file twice, so nothing of its count was used."),
            "negative": _("The host counted a negative number of lines, so nothing of its count was used."),
            "does_not_add_up": _("The host's numbers do not add up, so nothing of them was used."),
            "root_mismatch": _("The host's list of files does not give the root hash it claims. Nothing was used."),
            "profile_differs": _("The host counted by the rule of another Odoo series, so nothing of it was used."),
            "unchanged_unknown": _("The host says that nothing changed since a count that is not known here."),
        }

    @api.model
    def _get_failure_text(self, code, detail):
        """Return what a person reads about a failure; where this addon has no words, the run's (`detail`) are kept."""
        texts = {**self._get_host_failure_texts(), **self._get_answer_failure_texts()}
        text = texts.get(code) or detail or _("The count failed (%s).", code)
        return "%s\n%s" % (text, self._get_consequence_text())

    def _get_consequence_text(self):
        previous = self._find_last_approved()
        if not previous:
            return _("Nothing is billed on this count.")
        return _(
            "Nothing is billed on this count. The approved one of %(date)s with %(lines)s lines can be billed on for "
            "%(days)s days after its date.",
            date=format_date(self.env, previous.date),
            lines=self._format_integer(previous.code_lines),
            days=self.instance_id._get_reading_days(previous.date),
        )
