"""What makes a copy harmless, held against every model of Debian's Odoo 14 and against the rules' own form."""

import re
from pathlib import Path

import pytest

from odoo.addons.linserv_backup.agent import restore_channels as channels
from odoo.addons.linserv_backup.agent import restore_parameters as parameters
from odoo.addons.linserv_backup.agent import restore_ribbon, restore_rules

ODOO = Path("/usr/lib/python3/dist-packages/odoo/addons")
FIELD = re.compile(r"^    (\w+)\s*=\s*fields\.(Char|Text|Selection)\((.*)")
MODEL = re.compile(r"^    (_name|_inherit)\s*=\s*\[?['\"]([\w.]+)['\"]")
CLASS = re.compile(r"^class \w+\((.*)\)")
SUSPECT = re.compile(
    r"server|(^|_)host|endpoint|url|uri$|api|token|secret|passw|key|login|(^|_)ip$|webhook|domain$|credential|merchant"
    r"|certificate|proxy"
)
# Called like a credential or the address of a service, and neither: what is shown, searched for or logged in with.
HARMLESS = """
    account_move fapiao
    base_automation filter_domain filter_pre_domain
    coupon_rule rule_partners_domain rule_products_domain
    crm_lead reveal_ip
    crm_reveal_rule regex_url
    crm_reveal_view reveal_ip
    event_sponsor country_flag_url website_image_url
    event_track website_cta_url website_image_url youtube_video_url
    fetchmail_server server_type
    gamification_challenge user_domain
    gamification_goal_definition domain
    google_drive_config google_drive_template_url
    hr_employee certificate
    im_livechat_channel_rule regex_url
    ir_actions_act_url url
    ir_actions_act_window domain
    ir_attachment key url
    ir_config_parameter key
    ir_filters domain
    ir_model website_form_key
    ir_model_fields domain
    ir_module_module url
    ir_ui_view key visibility_password
    link_tracker url
    link_tracker_click ip
    mailing_mailing mailing_domain
    payment_acquirer stripe_image_url
    payment_transaction return_url
    pos_cache product_domain
    product_image video_url
    res_country image_url
    res_lang url_code
    res_users login password totp_secret
    res_users_log ip
    slide_embed url
    slide_slide url
    theme_ir_attachment key url
    theme_ir_ui_view key
    theme_website_menu url
    theme_website_page url
    website_menu url
    website_page cache_key_expr url
    website_rewrite url_from url_to
    website_track url
"""


def read_fields(folder):
    """Yield (table, column) of every stored field of text that is called like something that leads outside."""
    for path in folder.glob("*/models/**/*.py"):
        model = None
        for line in path.read_text(errors="replace").splitlines():
            klass, named, field = CLASS.match(line), MODEL.match(line), FIELD.match(line)
            if klass:
                model = "" if re.search("Transient|Abstract", klass.group(1)) else None
            elif named and model != "" and (model is None or named.group(1) == "_name"):
                model = named.group(2)
            elif field and model and SUSPECT.search(field.group(1)) and not re.search("compute|related", line):
                yield model.replace(".", "_"), field.group(1)


def is_covered(table, column):
    """Whether a copy has this column written over, or its rows removed."""
    ruled = {(rule.table, each) for rule in restore_rules.RULES for each in rule.cells}
    credential = re.search(parameters.CREDENTIAL, column.lower()) and (table, column) not in parameters.KEPT_COLUMNS
    return (table, column) in ruled or table in {gone for _code, gone in restore_rules.GONE} or bool(credential)


@pytest.mark.skipif(not ODOO.is_dir(), reason="Odoo's sources are in the Debian root")
def test_every_field_of_odoo_that_may_lead_outside_is_switched_off_or_known_to_be_harmless():
    words = [line.split() for line in HARMLESS.strip().splitlines()]
    harmless = {(table, column) for table, *columns in words for column in columns}
    found = set(read_fields(ODOO))
    assert len(found) > 100
    assert sorted(each for each in found if not is_covered(*each) and each not in harmless) == []
    assert sorted(each for each in harmless if is_covered(*each)) == []


def test_a_module_that_nobody_knows_is_met_by_how_its_columns_are_called():
    for column in ("api_key", "x_secret", "bank_password", "access_token", "client_id", "callback_url"):
        assert re.search(parameters.CREDENTIAL, column), column
    for column in ("name", "description", "monkey", "keyword"):
        assert not re.search(parameters.CREDENTIAL, column), column


def test_what_a_database_does_not_have_is_passed_over():
    assert [channel.table for channel in channels.find_channels({}, set())] == []
    known = {"ir_cron": {"active": {"text": False, "required": False}}}
    assert [channel.code for channel in channels.find_channels(known, set())] == ["scheduled_action"]


def test_an_empty_value_fits_a_column_that_must_have_one():
    column = {"text": True, "required": True}
    known = {"adyen_account": {"proxy_token": column}, "acme": {"id": {}, "api_key": column}}
    closes = [each.close for each in channels.find_channels(known, {("acme", "api_key")})]
    assert any("'disabled-' || id::text" in close for close in closes)
    assert any("\"proxy_token\" = ''" in close for close in closes)


def test_the_ribbon_takes_any_text():
    text = 'It\'s <b>"a copy"</b> \\ & {{so}} on'
    script = "".join(restore_ribbon.ribbon_statements({"ir_ui_view": {"arch_db": {}, "key": {}}}, text))
    assert "<b>" not in script
    assert restore_ribbon.ribbon_statements({}, text) == []
