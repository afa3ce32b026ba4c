from odoo import _, api, models
from odoo.exceptions import AccessError


class MailMessage(models.Model):
    """Closes two ways round the access rules of messages that Odoo 14 leaves to people outside the company.

    `read_group` and `name_get` ask no rule: with them a portal user could count and group all messages and read the
    names of other customers' documents.
    """

    _inherit = "mail.message"

    @api.model
    def read_group(self, domain, fields, groupby, offset=0, limit=None, orderby=False, lazy=True):
        if not (self.env.su or self.env.user.has_group("base.group_user")):
            raise AccessError(_("Messages are grouped for staff only."))
        return super().read_group(domain, fields, groupby, offset, limit, orderby, lazy)

    def name_get(self):
        if not self.env.su:
            self.check_access_rule("read")
        return super().name_get()
