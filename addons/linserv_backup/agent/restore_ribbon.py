"""The ribbon of a copy: a view in the copy's own database, so that nobody takes it for the real thing."""

from html import escape
from typing import Any, Dict, List

from .restore_place import quote

KEY = "linserv.copy_ribbon"
MAX_TEXT = 300
_STYLE = (
    "position:fixed;left:0;right:0;bottom:0;z-index:2000;padding:3px 12px;background:#b30000;color:#ffffff;"
    "font:bold 13px/1.5 sans-serif;text-align:center;pointer-events:none;"
)
# Room for it below everything, so that it never lies on what somebody works in.
_ROOM = (
    "@media screen{body{box-sizing:border-box;padding-bottom:26px !important;}}"
    "@media screen and (max-width:600px){body{padding-bottom:62px !important;}"
    ".o_linserv_copy{font-size:12px !important;}}"
)
_ARCH = (
    '<data><xpath expr="//body" position="inside"><style>%s</style>'
    '<div class="o_linserv_copy d-print-none" role="status" style="%s" t-esc="%s"/></xpath></data>'
)
_DELETE = "DELETE FROM ir_ui_view WHERE key = %s"
_INSERT = "INSERT INTO ir_ui_view (%s) SELECT %s FROM ir_ui_view AS layout WHERE layout.key = 'web.layout'"
_MISSING = (
    "EXISTS (SELECT FROM ir_ui_view AS layout WHERE key = 'web.layout' AND NOT EXISTS (SELECT FROM ir_ui_view AS ribbon"
    " WHERE ribbon.key = %s AND ribbon.active AND ribbon.inherit_id = layout.id))"
)
_VALUES = {
    "name": "'Linserv: ribbon of a test copy'",
    "key": quote(KEY),
    "type": "'qweb'",
    "mode": "'extension'",
    "inherit_id": "layout.id",
    "priority": "99",
    "active": "true",
    "create_uid": "1",
    "write_uid": "1",
    "create_date": "now() AT TIME ZONE 'UTC'",
    "write_date": "now() AT TIME ZONE 'UTC'",
}


def ribbon_statements(columns: Dict[str, Any], text: str) -> List[str]:
    """Return the statements that put the ribbon on every page, in the web client, the portal and the website."""
    if "ir_ui_view" not in columns:
        return []
    # As a literal for t-esc: Odoo 14 writes plain text of a view into the page as it is.
    arch = _ARCH % (_ROOM, _STYLE, escape(repr(text[:MAX_TEXT])))
    values = dict(_VALUES, arch_db=quote(arch))
    known = {column: value for column, value in values.items() if column in columns["ir_ui_view"]}
    return [_DELETE % quote(KEY), _INSERT % (", ".join(known), ", ".join(known.values()))]


def missing_ribbon() -> str:
    """Return the condition for a layout without a ribbon."""
    return _MISSING % quote(KEY)
