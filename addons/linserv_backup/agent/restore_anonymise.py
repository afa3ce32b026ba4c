"""Takes people out of a copy: names, addresses, numbers and what they wrote. Colleagues keep what they log in with.

Companies of the database's own and its users' contacts stay, so that the copy can be worked in. What cannot be told
apart from a person's data, such as attached documents and messages, goes.
"""

# ruff: noqa: S608, E501  (statements are made of our own rules, of quoted names and of quoted values)
from typing import Any, Dict, List, NamedTuple, Tuple


class Mask(NamedTuple):
    """One table: new values by column (SQL), and which rows."""

    table: str
    values: Dict[str, str]
    rows: str = "true"


_OTHERS = (
    "id NOT IN (SELECT partner_id FROM res_users WHERE partner_id IS NOT NULL AND NOT coalesce(share, false))"
    " AND id NOT IN (SELECT partner_id FROM res_company WHERE partner_id IS NOT NULL)"
)
_NONE = "NULL"


def _none(*columns: str) -> Dict[str, str]:
    return {column: _NONE for column in columns}


MASKS: Tuple[Mask, ...] = (
    Mask(
        "res_partner",
        {
            "name": "'Contact ' || id",
            "display_name": "'Contact ' || id",
            "email": "CASE WHEN email IS NULL THEN NULL ELSE 'contact' || id || '@disabled.invalid' END",
            "email_normalized": "CASE WHEN email IS NULL THEN NULL ELSE 'contact' || id || '@disabled.invalid' END",
            "commercial_company_name": "CASE WHEN commercial_company_name IS NULL THEN NULL ELSE 'Company' END",
            **_none("phone", "mobile", "phone_sanitized", "street", "street2", "comment", "vat", "website", "ref"),
            **_none("company_name", "function", "contact_address_complete", "partner_latitude", "partner_longitude"),
            **_none("signup_token", "barcode", "additional_info", "street_name", "street_number", "street_number2"),
        },
        _OTHERS,
    ),
    Mask("res_users", {"login": "'portal' || id", "signature": _NONE, "oauth_uid": _NONE}, "coalesce(share, false)"),
    Mask("res_partner_bank", {"acc_number": "'BANK' || id", "sanitized_acc_number": "'BANK' || id", "acc_holder_name": _NONE},
         "partner_id NOT IN (SELECT partner_id FROM res_company WHERE partner_id IS NOT NULL)"),
    Mask(
        "crm_lead",
        {
            "name": "'Lead ' || id",
            **_none("contact_name", "partner_name", "email_from", "email_cc", "email_normalized", "phone", "mobile"),
            **_none("phone_sanitized", "street", "street2", "description", "website", "function", "reveal_ip"),
        },
    ),
    Mask(
        "hr_employee",
        {
            "name": "'Employee ' || id",
            **_none("work_email", "work_phone", "mobile_phone", "ssnid", "sinid", "identification_id", "passport_id"),
            **_none("birthday", "place_of_birth", "spouse_complete_name", "spouse_birthdate", "emergency_contact"),
            **_none("emergency_phone", "private_email", "phone", "visa_no", "permit_no", "additional_note", "notes"),
            **_none("pin", "barcode", "km_home_work", "study_field", "study_school"),
        },
    ),
    Mask("resource_resource", {"name": "'Employee ' || id"}, "resource_type = 'user'"),
    Mask(
        "hr_applicant",
        {"name": "'Applicant ' || id", **_none("partner_name", "email_from", "partner_phone", "partner_mobile")},
    ),
    Mask("hr_applicant", _none("description", "email_cc", "linkedin_profile", "salary_expected_extra")),
    Mask("event_registration", _none("name", "email", "phone", "mobile")),
    Mask("mailing_contact", {"name": "'Contact ' || id", "email": "'mailing' || id || '@disabled.invalid'"}),
    Mask("mailing_contact", {"email_normalized": "'mailing' || id || '@disabled.invalid'", **_none("company_name", "mobile")}),
    Mask("website_visitor", _none("name", "mobile", "email")),
    Mask("calendar_attendee", _none("email", "common_name")),
    Mask("calendar_event", _none("description", "location")),
    Mask("survey_user_input", _none("email", "nickname")),
    Mask("survey_user_input_line", _none("value_text_box", "value_char_box")),
    Mask("helpdesk_ticket", _none("partner_name", "partner_email", "description")),
    Mask("project_task", _none("email_from", "email_cc", "description")),
    Mask("rating_rating", _none("feedback")),
    Mask("account_bank_statement_line", _none("partner_name", "account_number", "narration")),
    Mask("account_move", _none("invoice_source_email", "narration", "invoice_partner_display_name")),
    Mask("mail_message", {"body": "''", "email_from": _NONE, "reply_to": _NONE, "record_name": _NONE, "subject": _NONE}),
    Mask("mail_blacklist", {"email": "'blocked' || id || '@disabled.invalid'"}),
    Mask("phone_blacklist", {"number": "'+000' || id"}),
)  # fmt: skip

# Gone altogether: what people wrote and got, and what changed by whom.
EMPTIED: Tuple[str, ...] = (
    "mail_tracking_value", "mail_mail", "sms_sms", "snailmail_letter", "mailing_trace", "website_track",
    "bus_bus", "bus_presence", "ir_logging", "crm_reveal_view", "link_tracker_click", "mail_notification",
)  # fmt: skip

# Attachments that Odoo itself needs: menus' and apps' pictures, stylesheets and scripts.
_OWN = "coalesce(res_model, '') IN ('ir.ui.menu', 'ir.ui.view', 'ir.module.module', 'res.company', 'res.lang', 'res.country', 'theme.ir.attachment')"


def anonymise_statements(columns: Dict[str, Any]) -> List[str]:
    """Return the statements for a database with these tables and columns."""
    statements = [_mask(mask, columns[mask.table]) for mask in MASKS if mask.table in columns]
    statements += ["DELETE FROM %s" % table for table in EMPTIED if table in columns]
    if "ir_attachment" in columns:
        keep = (
            "%s OR (coalesce(url, '') LIKE '/web/%%' AND res_model = 'ir.ui.view') OR (url LIKE '/%%' AND res_id = 0)"
            % _OWN
        )
        statements.append("DELETE FROM ir_attachment WHERE NOT (%s)" % keep)
    return [statement for statement in statements if statement]


def _mask(mask: Mask, known: Dict[str, Any]) -> str:
    values = {column: value for column, value in mask.values.items() if column in known}
    values = {
        column: "''" if value == _NONE and known[column]["required"] and known[column]["text"] else value
        for column, value in values.items()
        if value != _NONE or known[column]["text"] or not known[column]["required"]
    }
    if not values:
        return ""
    pairs = ", ".join('"%s" = %s' % pair for pair in sorted(values.items()))
    return 'UPDATE "%s" SET %s WHERE %s' % (mask.table, pairs, mask.rows)
