from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import config
from odoo.tools.translate import _lt

from ..adapters import vault

VAULT_ERRORS = {
    "no_key_file": _lt("There is no master key. Name its file in odoo.conf: linserv_master_key_file."),
    "key_file_unreadable": _lt("The master key file %s cannot be read. Odoo's account must own it."),
    "key_file_open": _lt("Others can read or change the master key file %s. Nothing was done; chmod 600 it."),
    "key_file_empty": _lt("The master key file %s holds no key."),
    "key_file_malformed": _lt("The master key file %s holds a line that is no key."),
    "wrong_master_key": _lt("None of the master keys opens this secret. Restore the master key file it was made with."),
    "no_private_key": _lt("This is no private key in OpenSSH format without passphrase."),
}

KINDS = [
    ("ssh_key", "SSH key"),
    ("signing_key", "Signing key"),
    ("token", "Token"),
    ("passphrase", "Passphrase"),
]


class LinservSecret(models.Model):
    """A private key, token or passphrase, encrypted under a master key that is not in the database.

    The ciphertext is a column of the table that the ORM does not know: no read, export, search, domain, copy or
    view can reach it, whoever asks. Only `_set_value` and `_get_value` do, and neither can be called from outside.
    """

    _name = "linserv.secret"
    _description = "Secret"
    _order = "name, id"

    name = fields.Char(required=True)
    kind = fields.Selection(KINDS, required=True, default="ssh_key")
    public_value = fields.Text(
        string="Public part",
        readonly=True,
        copy=False,
        help="SSH key: the line for authorized_keys. Signing key: the Ed25519 public key, 64 hexadecimal digits.",
    )
    fingerprint = fields.Char(readonly=True, copy=False)
    has_value = fields.Boolean(string="Has a value", readonly=True, copy=False)
    date_changed = fields.Datetime(string="Changed on", readonly=True, copy=False)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    active = fields.Boolean(default=True)

    def init(self):
        self.env.cr.execute("ALTER TABLE linserv_secret ADD COLUMN IF NOT EXISTS ciphertext bytea")

    @api.model_create_multi
    def create(self, vals_list):
        self._check_key_administrator()
        return super().create(vals_list)

    def write(self, vals):
        self._check_key_administrator()
        return super().write(vals)

    def unlink(self):
        self._check_key_administrator()
        return super().unlink()

    def action_generate(self):
        """Make a new key pair for a secret that has none yet."""
        self.ensure_one()
        self._check_key_administrator()
        if self.has_value:
            raise UserError(_("This secret has a value already. Create a new secret instead of replacing it."))
        if self.kind == "ssh_key":
            self._generate_ssh_key()
        elif self.kind == "signing_key":
            self._generate_signing_key()
        else:
            raise UserError(_("Only SSH keys and signing keys can be generated."))

    def action_rotate_master_key(self):
        """Encrypt every secret, not only these, again under the first key of the master key file; return how many."""
        self._check_key_administrator()
        return self._rotate_master_key()

    @api.model
    def _check_key_administrator(self):
        """Secrets and host keys are changed by system administrators who also manage the fleet.

        :raise AccessError: the user is not both
        """
        groups = ("base.group_system", "linserv_hosting.linserv_host_group_manager")
        if not self.env.su and not all(self.env.user.has_group(group) for group in groups):
            raise AccessError(
                _("Only a system administrator who also manages the fleet can change secrets and host keys.")
            )

    def _set_value(self, value):
        """Encrypt and keep `value` (bytes); an SSH key gets its public part from it."""
        self.ensure_one()
        if self.kind == "ssh_key":
            self._store_pair(self._guard(vault.ssh_public_key, value, self._prepare_comment()))
        else:
            self._store(value)

    def _get_value(self):
        """Return the value in clear (bytes).

        :raise UserError: no value yet, or the master key is missing or another one
        """
        self.ensure_one()
        self.env.cr.execute("SELECT ciphertext FROM linserv_secret WHERE id = %s", [self.id])
        row = self.env.cr.fetchone()
        if not row or row[0] is None:
            raise UserError(_("The secret %s has no value yet.", self.display_name))
        return self._guard(self._get_vault().decrypt, bytes(row[0]))

    def _generate_ssh_key(self):
        """Give the secret a new Ed25519 key for SSH."""
        self.ensure_one()
        self._store_pair(vault.generate_ssh_key(self._prepare_comment()))

    def _generate_signing_key(self):
        """Give the secret a new Ed25519 key for signatures."""
        self.ensure_one()
        self._store_pair(vault.generate_signing_key())

    def _sign(self, message):
        """Return the Ed25519 signature (64 bytes) of `message` (bytes)."""
        self.ensure_one()
        if self.kind != "signing_key":
            raise UserError(_("The secret %s is no signing key.", self.display_name))
        return vault.sign(self._get_value(), message)

    @api.model
    def _rotate_master_key(self):
        box = self._get_vault()
        self.env.cr.execute("SELECT id, ciphertext FROM linserv_secret WHERE ciphertext IS NOT NULL FOR UPDATE")
        rows = self.env.cr.fetchall()
        for secret_id, token in rows:
            self._write_ciphertext(secret_id, self._guard(box.rotate, bytes(token)))
        return len(rows)

    def _prepare_comment(self):
        return "linserv-%s" % self.id

    def _store_pair(self, pair):
        self._store(pair.private)
        self.write({"public_value": pair.public, "fingerprint": pair.fingerprint})

    def _store(self, value):
        self.flush()
        self._write_ciphertext(self.id, self._get_vault().encrypt(value))
        self.write({"has_value": True, "date_changed": fields.Datetime.now()})

    @api.model
    def _write_ciphertext(self, secret_id, token):
        self.env.cr.execute("UPDATE linserv_secret SET ciphertext = %s WHERE id = %s", [token, secret_id])

    @api.model
    def _get_vault(self):
        return self._guard(vault.Vault.from_file, config.get("linserv_master_key_file") or "")

    @api.model
    def _guard(self, function, *args):
        try:
            return function(*args)
        except vault.VaultError as error:
            text = str(VAULT_ERRORS[error.code])
            raise UserError(text % error.detail if error.detail else text) from error
