"""What speaks to the outside in an Odoo 14 database, and how a copy is kept from it.

A rule is one table. A cell says which value makes a column harmless and when it is not: the neutraliser writes the
first where the second holds, the checker counts where the second holds. Tables and columns that a database does not
have are passed over, so the rules name those of Odoo Enterprise and of OCA too. Every model of Debian's 380 addons was
read; tests/unit/linserv_backup/test_restore_rules.py fails when one with a credential or a connection is not covered.
What has a credential under a name of its own, in any module, is met by `CREDENTIAL` below.
"""

from typing import Dict, NamedTuple, Tuple

NOWHERE = "disabled.invalid"  # RFC 2606: nobody is ever given such a name
NOWHERE_URL = "https://disabled.invalid"
DUMMY = "Linserv: this copy sends nothing"


class Cell(NamedTuple):
    """`value`: the harmless value; `live`: when the column can still reach somebody. SQL; {c} is the column."""

    value: str
    live: str


class Rule(NamedTuple):
    """One table: its cells by column. `code` is what a person reads."""

    code: str
    table: str
    cells: Dict[str, Cell]


OFF = Cell("false", "{c}")
ON = Cell("true", "{c} IS NOT TRUE")
EMPTY = Cell("NULL", "nullif({c}::text, '') IS NOT NULL")
HOST = Cell("'%s'" % NOWHERE, "nullif({c}, '') IS NOT NULL AND {c} <> '%s'" % NOWHERE)
URL = Cell("'%s'" % NOWHERE_URL, "nullif({c}, '') IS NOT NULL AND {c} <> '%s'" % NOWHERE_URL)
REPLACED = Cell("'disabled'", "{c} <> 'disabled'")


def instead(value: str, *live: str) -> Cell:
    """Return a cell of a selection: `value` where it is one of `live`."""
    return Cell("'%s'" % value, "{c} IN (%s)" % ", ".join("'%s'" % each for each in live))


def other_than(value: str) -> Cell:
    """Return a cell of a selection of which only one value is harmless."""
    return Cell("'%s'" % value, "{c} <> '%s'" % value)


def empty(*columns: str) -> Dict[str, Cell]:
    """Return cells that are emptied."""
    return {column: EMPTY for column in columns}


MAIL: Tuple[Rule, ...] = (
    Rule("mail_server", "ir_mail_server", {"active": Cell("false", "{c} AND name <> '%s'" % DUMMY), "smtp_host": HOST}),
    Rule("mail_server", "ir_mail_server", empty("smtp_user", "smtp_pass")),
    # A server that is switched off is still used by what names it.
    Rule("mail_server", "mail_template", empty("mail_server_id")),
    Rule("mail_server", "mailing_mailing", empty("mail_server_id")),
    Rule("mail_server", "mail_message", empty("mail_server_id")),
    Rule("mail_server", "res_company", empty("l10n_it_mail_pec_server_id")),
    Rule("fetchmail", "fetchmail_server", {"active": OFF, "state": other_than("draft"), "server": HOST}),
    Rule("fetchmail", "fetchmail_server", empty("user", "password")),
    Rule("mail_queue", "mail_mail", {"state": instead("cancel", "outgoing")}),
    Rule("sms_queue", "sms_sms", {"state": instead("canceled", "outgoing")}),
    Rule("letter_queue", "snailmail_letter", {"state": instead("canceled", "pending", "error")}),
    Rule("mass_mailing", "mailing_mailing", {"state": instead("draft", "in_queue", "sending"), "schedule_date": EMPTY}),
    Rule("mass_mailing", "marketing_campaign", {"state": instead("stopped", "running")}),
    Rule("digest", "digest_digest", {"state": instead("deactivated", "activated")}),
)

_SPEAKING = (
    "{c} AND (trigger LIKE 'on_time%' OR action_server_id IN (SELECT id FROM ir_act_server"
    " WHERE state NOT IN ('object_create', 'object_write', 'followers', 'next_activity')))"
)
SCHEDULED: Tuple[Rule, ...] = (
    Rule("scheduled_action", "ir_cron", {"active": OFF}),
    Rule("automation", "base_automation", {"active": Cell("false", _SPEAKING)}),
    Rule("job_queue", "queue_job", {"state": instead("failed", "pending", "enqueued", "started", "wait_dependencies")}),
)

PAYMENT: Tuple[Rule, ...] = (
    Rule("payment_acquirer", "payment_acquirer", {"state": other_than("disabled")}),
    Rule(
        "payment_acquirer",
        "payment_acquirer",
        empty(
            "adyen_merchant_account",
            "adyen_skin_code",
            "adyen_skin_hmac_key",
            "alipay_md5_signature_key",
            "alipay_merchant_partner_id",
            "alipay_seller_email",
            "authorize_client_key",
            "authorize_login",
            "authorize_signature_key",
            "authorize_transaction_key",
            "brq_secretkey",
            "brq_websitekey",
            "odoo_adyen_payout_id",
            "ogone_password",
            "ogone_pspid",
            "ogone_shakey_in",
            "ogone_shakey_out",
            "ogone_userid",
            "paypal_email_account",
            "paypal_pdt_token",
            "paypal_seller_account",
            "payulatam_account_id",
            "payulatam_api_key",
            "payulatam_merchant_id",
            "payumoney_merchant_key",
            "payumoney_merchant_salt",
            "sips_merchant_id",
            "sips_secret",
            "stripe_publishable_key",
            "stripe_secret_key",
            "stripe_webhook_secret",
        ),
    ),
    Rule("payment_acquirer", "payment_acquirer", {"sips_test_url": URL, "sips_prod_url": URL}),
    Rule("payment_token", "payment_token", {"active": OFF, "acquirer_ref": REPLACED, **empty("authorize_profile")}),
    Rule("payment_token", "payment_token", empty("stripe_payment_method", "odoo_adyen_payment_method_type")),
    Rule("payment_token", "account_payment", empty("payment_token_id")),
    Rule("payment_token", "sale_subscription", empty("payment_token_id")),
    Rule("payment_adyen", "adyen_account", empty("proxy_token", "adyen_uuid")),
    Rule("payment_adyen", "adyen_store", empty("store_uuid")),
    Rule("payment_terminal", "adyen_terminal", empty("terminal_uuid")),
    Rule("payment_terminal", "pos_payment_method", empty("use_payment_terminal", "adyen_api_key", "six_terminal_ip")),
    Rule("payment_terminal", "pos_payment_method", empty("adyen_terminal_identifier", "adyen_merchant_account")),
    Rule("payment_terminal", "pos_payment_method", empty("adyen_terminal_id", "adyen_payout_id")),
    Rule("payment_terminal", "pos_payment_method", {"adyen_test_mode": ON}),
    Rule("payment_terminal", "pos_mercury_configuration", {"merchant_id": REPLACED, "merchant_pwd": REPLACED}),
    Rule("online_bank", "account_online_provider", empty("provider_account_identifier", "provider_identifier")),
    Rule("online_bank", "account_online_link", empty("client_id", "refresh_token", "access_token", "provider_data")),
    Rule("online_bank", "online_bank_statement_provider", {"active": OFF, "api_base": URL}),
)

IDENTITY: Tuple[Rule, ...] = (
    Rule("oauth_provider", "auth_oauth_provider", {"enabled": OFF, "auth_endpoint": URL, "validation_endpoint": URL}),
    Rule("oauth_provider", "auth_oauth_provider", {"data_endpoint": URL, "client_id": EMPTY}),
    Rule("oauth_token", "res_users", empty("oauth_access_token")),
    Rule("saml_provider", "auth_saml_provider", {"active": OFF}),
    Rule("ldap", "res_company_ldap", {"ldap_server": HOST, **empty("ldap_binddn", "ldap_password")}),
    Rule("google_calendar", "res_users", empty("google_calendar_rtoken", "google_calendar_token")),
    Rule("google_calendar", "res_users", empty("google_calendar_sync_token", "google_calendar_cal_id")),
    Rule("microsoft_calendar", "res_users", empty("microsoft_calendar_rtoken", "microsoft_calendar_token")),
    Rule("microsoft_calendar", "res_users", empty("microsoft_calendar_sync_token")),
    Rule("google_drive", "google_drive_config", {"active": OFF}),
    Rule("signup_link", "res_partner", empty("signup_token", "signup_type")),
)

SERVICES: Tuple[Rule, ...] = (
    Rule("iap", "iap_account", {"account_token": REPLACED}),
    Rule("iap", "crm_reveal_rule", {"active": OFF}),
    Rule("iap", "res_partner_autocomplete_sync", {"synched": ON}),
    Rule("edi", "account_edi_document", {"state": instead("cancelled", "to_send", "to_cancel")}),
    Rule("edi", "account_move", {"l10n_it_send_state": instead("other", "to_send", "new"), "extract_state": EMPTY}),
    Rule("edi", "account_edi_proxy_client_user", {"id_client": REPLACED, **empty("refresh_token", "private_key")}),
    Rule("edi", "res_company", {"l10n_cl_dte_service_provider": instead("SIITEST", "SII")}),
    Rule("edi", "res_company", {"l10n_ar_afip_ws_environment": instead("testing", "production")}),
    Rule("edi", "res_company", {"l10n_mx_edi_pac_test_env": ON, "l10n_co_edi_test_mode": ON}),
    Rule("vat_check", "res_company", {"vat_check_vies": OFF}),
    Rule("delivery", "delivery_carrier", {"prod_environment": OFF}),
    Rule("geocoding", "base_geo_provider", {"tech_name": other_than("disabled")}),
    Rule("pad", "res_company", empty("pad_server", "pad_key")),
    Rule("pad", "note_note", empty("note_pad_url")),
    Rule("pad", "project_task", empty("description_pad")),
    Rule("jitsi", "chat_room", {"jitsi_server_domain": HOST}),
    Rule("printer", "pos_config", {"proxy_ip": HOST, "epson_printer_ip": HOST, "is_posbox": OFF, "other_devices": OFF}),
    Rule("printer", "restaurant_printer", {"proxy_ip": HOST, "epson_printer_ip": HOST}),
    Rule("printer", "printing_server", {"address": HOST}),
    Rule("printer", "iot_box", {"ip": HOST, "ip_url": URL}),
    Rule("website", "website", {"cdn_activated": OFF, "cdn_url": URL, "domain": EMPTY}),
    Rule("website", "website", empty("google_analytics_key", "google_search_console", "google_maps_api_key")),
    Rule("website", "website", empty("google_management_client_id", "google_management_client_secret")),
    Rule("website", "website", empty("twitter_api_key", "twitter_api_secret", "website_slide_google_app_key")),
    Rule("website", "website", empty("custom_code_head", "custom_code_footer")),
    Rule("social", "social_account", {"is_media_disconnected": ON, "active": OFF}),
    Rule("webshop", "amazon_account", {"active": OFF}),
    Rule("backup", "db_backup", {"sftp_host": HOST, **empty("sftp_user", "sftp_password", "sftp_private_key")}),
)

RULES = MAIL + SCHEDULED + PAYMENT + IDENTITY + SERVICES

# Rows that go as they are: nothing but a way in or out.
GONE: Tuple[Tuple[str, str], ...] = (
    ("api_key", "res_users_apikeys"),
    ("api_key", "auth_api_key"),
    ("edi", "account_edi_format_account_journal_rel"),
    ("push", "mail_push_device"),
    ("push", "website_push_subscription"),
    ("totp_device", "auth_totp_device"),
)
