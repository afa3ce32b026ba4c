from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class LinservPriceRun(models.Model):
    """Telling the customers."""

    _inherit = "linserv.price.run"

    def action_send_letters(self):
        """Make a letter for each customer and send it; what takes longer goes on in the background."""
        for run in self:
            run._check_transition("notified")
            if run.state == "draft":
                run._make_letters()
                run.state = "notified"
        letters = self.letter_ids.filtered(lambda letter: letter.state == "waiting")
        letters._commit()
        return letters._work_off()

    def action_view_letters(self):
        """Show the letters of the run."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_price_letter_action")
        return dict(action, domain=[("run_id", "=", self.id)])

    def _make_letters(self):
        self._check_in_time()
        lines = self.line_ids.filtered("included")
        if not lines:
            raise UserError(_("No service gets a new price: work out the prices first."))
        today = fields.Date.context_today(self)
        partners = lines.partner_id
        letters = self.env["linserv.price.letter"].create(
            [{"run_id": self.id, "partner_id": partner.id, "date_letter": today} for partner in partners]
        )
        for letter in letters:
            lines.filtered(lambda line, p=letter.partner_id: line.partner_id == p).write({"letter_id": letter.id})

    def _check_in_time(self):
        today = fields.Date.context_today(self)
        first = min(self.line_ids.filtered("included").mapped("date_from"), default=self.date_effective)
        if today > self.date_letter_latest:
            raise UserError(
                _(
                    "It is too late: letters for prices from %(day)s had to go out by %(latest)s. "
                    "Let the new prices begin later, or shorten the notice if the agreements allow it.",
                    day=format_date(self.env, first),
                    latest=format_date(self.env, self.date_letter_latest),
                )
            )

    def _target_value(self):
        """Return the index value that the prices come to; none for a percentage."""
        return self.target_value_id if self.method == "index" else self.target_value_id.browse()
