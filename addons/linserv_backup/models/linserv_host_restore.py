from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

PLACE = "{database}"


class LinservHost(models.Model):
    _inherit = "linserv.host"

    copy_url = fields.Char(
        "Address of copies",
        tracking=True,
        help="Where people reach a test copy on this host, with {database} in the place of its database's name, for "
        "example https://{database}.example.com. Empty: https://{database}. and the host's own address.",
    )

    @api.constrains("copy_url")
    def _check_copy_url(self):
        for host in self:
            url = host.copy_url
            if url and not (url.startswith(("http://", "https://")) and url.count(PLACE) == 1):
                raise ValidationError(_("The address of copies starts with https:// and holds {database} once."))

    def _get_copy_url(self, database):
        """Return where people reach a copy."""
        self.ensure_one()
        return (self.copy_url or "https://%s.%s" % (PLACE, self.address)).replace(PLACE, database)
