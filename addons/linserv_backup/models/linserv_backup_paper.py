from odoo import _, api, fields, models
from odoo.tools import format_date

from ..domain import durations


class LinservBackupPaper(models.AbstractModel):
    """What the papers that customers read have in common: their language, and how they write times and sizes."""

    _name = "linserv.backup.paper"
    _description = "Paper about backups"

    def _get_paper_partner(self):
        """Return the customer whose paper it is."""
        self.ensure_one()
        return self.partner_id

    def paper_language(self):
        """Return the language of the paper: the customer's, else the seller's."""
        self.ensure_one()
        partner = self._get_paper_partner()
        return partner.lang or partner.commercial_partner_id.lang or self.company_id.partner_id.lang or "sv_SE"

    def _get_paper_timezone(self):
        self.ensure_one()
        return self._get_paper_partner().tz or "Europe/Stockholm"

    def _format_day(self, day):
        return format_date(self.env, day, date_format="d MMMM y") if day else "\u2013"

    def _format_month(self, day):
        return format_date(self.env, day, date_format="MMMM y")

    def _format_moment(self, moment):
        """Return a moment (UTC) as the customer's clock showed it."""
        if not moment:
            return "\u2013"
        here = fields.Datetime.context_timestamp(self.with_context(tz=self._get_paper_timezone()), moment)
        return here.strftime("%Y-%m-%d %H:%M")

    @api.model
    def _format_seconds(self, seconds):
        """Return a length of time in its two largest units."""
        names = {"d": _("d"), "h": _("h"), "min": _("min"), "s": _("s")}
        if not seconds:
            return "\u2013"
        if seconds < 10:
            return "%s\u00a0%s" % (self._format_decimal("%.1f", seconds), names["s"])
        return " ".join("%d\u00a0%s" % (number, names[unit]) for number, unit in durations.shown(seconds))

    @api.model
    def _format_decimal(self, pattern, number):
        lang = self.env["res.lang"]._lang_get(self.env.context.get("lang") or self.env.user.lang or "en_US")
        return lang.format(pattern, number, grouping=True).replace(" ", "\u00a0")

    @api.model
    def _format_count(self, number):
        return self._format_decimal("%d", number)

    @api.model
    def _format_bytes(self, size):
        """Return a size with a unit of thousands."""
        number, unit = float(size or 0), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if number < 1000:
                break
            number, unit = number / 1000, larger
        return "%s\u00a0%s" % (self._format_decimal("%.1f" if unit != "B" else "%d", number), unit)

    def _keep_pdf(self, report_xmlid, name):
        """Render the paper in its language and keep it with the record; return the attachment.

        Never inside a savepoint: Odoo commits when it makes a PDF's style sheets.
        """
        self.ensure_one()
        report = self.env.ref(report_xmlid).sudo().with_context(lang=self.paper_language())
        content = report._render_qweb_pdf(self.ids)[0]
        vals = {
            "name": name,
            "raw": content,
            "mimetype": "application/pdf",
            "res_model": self._name,
            "res_id": self.id,
        }
        return self.env["ir.attachment"].create([vals])
