from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..domain import backup_policy


class LinservService(models.Model):
    """Backup policies of services: what a backup gives, and what another service needs. Rules 64-65."""

    _inherit = "linserv.service"

    policy = fields.Char(
        "Backup policy",
        help="What a backup service gives, unless the subscription says otherwise: kind, days kept and points a day, "
        "for example DB 90/48, FS 90/4.",
    )
    required_policy = fields.Char(
        "Required backup",
        help="The least backup that must be in force on the same instance for this service, for example FS 90/4.",
    )

    @api.constrains("policy", "required_policy")
    def _check_policy(self):
        for service in self:
            read_policy(service.policy)
            read_policy(service.required_policy)


def read_policy(text):
    """Return the policies of ``text``; raises a ValidationError that a person understands."""
    try:
        return backup_policy.parse(text)
    except backup_policy.PolicyError as error:
        raise ValidationError(
            _(
                'The backup policy "%s" cannot be read. Write kind, days kept and points a day: DB 90/48, FS 90/4.',
                error.args[0],
            )
        ) from error
