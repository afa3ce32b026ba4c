"""System parameters of Odoo, and columns of any module, that hold a credential or the address of a service."""

from typing import Dict, Tuple

from .restore_rules import NOWHERE, NOWHERE_URL

# Written even where they are missing: without them Odoo asks the service's own address.
ENDPOINTS: Dict[str, str] = {
    key: NOWHERE_URL
    for key in (
        "iap.endpoint",
        "iap.partner_autocomplete.endpoint",
        "enrich.endpoint",
        "reveal.endpoint",
        "sms.endpoint",
        "snailmail.endpoint",
        "web_editor.media_library_endpoint",
        "adyen_platforms.proxy_url",
        "adyen_platforms.onboarding_url",
        "iap_extract_endpoint",
        "hr_expense_extract_endpoint",
        "account_invoice_extract_endpoint",
        "odoo_ocn.endpoint",
        "publisher_warranty_url",
        "google_redirect_uri",
        "microsoft_redirect_uri",
    )
}
FIXED: Dict[str, str] = {
    **ENDPOINTS,
    "website_jitsi.jitsi_server_domain": NOWHERE,
    "mail.catchall.domain": NOWHERE,
    "web.base.url.freeze": "True",
    "calendar.block_mail": "True",
}

# Deleted: what a licence, a subscription or a service knows this database by.
DELETED: Tuple[str, ...] = (
    "database.enterprise_code",
    "database.expiration_date",
    "database.expiration_reason",
    "database.already_linked_email",
    "database.already_linked_send_mail_url",
    "database.already_linked_subscription_url",
    "base_geolocalize.google_map_api_key",
    "google_drive_authorization_code",
    "google_drive_refresh_token",
    "mail_mobile.enable_ocn",
    "mass_mailing.mail_server_id",
    "mass_mailing.outgoing_mail_server",
    "microsoft_calendar.microsoft_guid",
    "ocn.uuid",
    "odoo_ocn.project_id",
    "recaptcha_private_key",
    "recaptcha_public_key",
    "report.url",
    "unsplash.access_key",
    "unsplash.app_id",
)

_WORDS = (
    "passw(or)?d|passwort|passphrase|secret|webhook|hmac|api_?key|access_?key|private_?key|secret_?key|auth_?key"
    "|client_?key|merchant_?(key|id|pwd)|signature_key|transaction_key|client_id|_pwd$|_pass$|_salt$|callback_url"
    "|(^|_)(r|access|account|api|auth|bearer|oauth|page|proxy|refresh|sync|user)?_?token$|token_secret|(^|_)token$"
)
CREDENTIAL = "(%s)" % _WORDS  # a regular expression of PostgreSQL, matched against names in small letters

# Parameters that look like credentials and are none that leaves the database.
KEPT_PARAMETERS: Tuple[str, ...] = ("database.secret", "auth_signup.reset_password", "auth_password_policy.minlength")

# Columns that look like credentials and are none: what people log in with, and what a page is locked with.
KEPT_COLUMNS: Tuple[Tuple[str, str], ...] = (
    ("res_users", "password"),
    ("res_users", "password_crypt"),
    ("res_users", "totp_secret"),
    ("ir_ui_view", "visibility_password"),
    ("ir_config_parameter", "value"),
)

# A link of the portal (portal.mixin and its kin) is a UUID in one of these columns; it leads into the copy only.
LINK_COLUMNS = ("access_token", "invite_token")
LINK = "^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"
