import base64
import json
from datetime import timedelta

import psycopg2

from odoo import _, api, fields, models, sql_db
from odoo.exceptions import AccessError, UserError
from odoo.modules.module import get_resource_path

from ..domain import importing, periods

STATES = [("draft", "Draft"), ("checked", "Checked"), ("done", "Imported")]


class LinservContractImport(models.Model):
    """Contracts from elsewhere: read, checked against what the old system would bill, then made, all or none."""

    _name = "linserv.contract.import"
    _description = "Contract Import"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, default=lambda self: _("Import of contracts"))
    state = fields.Selection(STATES, required=True, default="draft", copy=False, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    source = fields.Selection(
        [
            ("csv", "A CSV file"),
            ("here", "The OCA contracts of this database"),
            ("database", "The OCA contracts of another database"),
        ],
        required=True,
        default="csv",
    )
    file = fields.Binary(attachment=True, copy=False)
    file_name = fields.Char(copy=False)
    database = fields.Char(groups="base.group_system", help="Name of a database on the same database server.")
    date = fields.Date(
        "Compare from",
        required=True,
        default=fields.Date.context_today,
        help="The comparison shows what falls due until the end of the months after this day.",
    )
    months = fields.Integer("Months to compare", default=3)
    date_until = fields.Date("To", compute="_compute_date_until")
    line_ids = fields.One2many("linserv.contract.import.line", "import_id", string="Lines", copy=False)
    service_ids = fields.One2many("linserv.contract.import.service", "import_id", string="Services", copy=False)
    ready_count = fields.Integer("Ready", compute="_compute_counts")
    problem_count = fields.Integer("Problems", compute="_compute_counts")
    present_count = fields.Integer("Imported before", compute="_compute_counts")
    difference_count = fields.Integer("Differences", compute="_compute_counts")
    amount_theirs = fields.Monetary("The old system bills", compute="_compute_counts")
    amount_ours = fields.Monetary("We bill", compute="_compute_counts")
    amount_difference = fields.Monetary("Difference", compute="_compute_counts")

    _sql_constraints = [("months_positive", "CHECK (months BETWEEN 1 AND 24)", "Compare 1 to 24 months.")]

    @api.depends("date", "months")
    def _compute_date_until(self):
        for record in self:
            record.date_until = record.date and periods.add_months(record.date, record.months) - timedelta(days=1)

    @api.depends("line_ids.state", "line_ids.amount_ours", "line_ids.amount_theirs", "line_ids.verdict")
    def _compute_counts(self):
        for record in self:
            lines = record.line_ids
            states = lines.mapped("state")
            record.ready_count = states.count("ready") + states.count("imported")
            record.problem_count = states.count("problem")
            record.present_count = states.count("present")
            record.difference_count = len(lines.filtered(lambda line: line.verdict and line.verdict != "equal"))
            record.amount_theirs = sum(lines.mapped("amount_theirs"))
            record.amount_ours = sum(lines.mapped("amount_ours"))
            record.amount_difference = record.amount_ours - record.amount_theirs

    def unlink(self):
        if self.filtered(lambda record: record.state == "done"):
            raise UserError(_("An import that has made contracts is kept."))
        return super().unlink()

    def action_check(self):
        """Read the source and show what would be imported and billed. Makes no contract."""
        self.ensure_one()
        self._check_not_done()
        self._read_lines()
        self._try_out()
        self.state = "checked"
        return True

    def action_import(self):
        """Make the contracts, all of them or none. A second time makes nothing."""
        self.ensure_one()
        self._check_not_done()
        self._read_lines()
        if self.line_ids.filtered(lambda line: line.state == "problem"):
            self._refuse()
        made = self._make_contracts(dry_run=False)
        for line in self.line_ids.filtered(lambda each: each.state == "ready"):
            line.state = "imported"
        self.state = "done"
        self.message_post(body=_("%s contracts have been made.", len(made)))
        return self.action_view_contracts()

    def action_view_contracts(self):
        """Show the contracts that were made."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_contract_action")
        return dict(action, domain=[("id", "in", self.line_ids.contract_id.ids)], context={"create": False})

    def _check_not_done(self):
        if self.state == "done":
            raise UserError(_("%s has been imported. Make a new import for what is missing.", self.name))

    def _refuse(self):
        lines = self.line_ids.filtered(lambda line: line.state == "problem")
        texts = ["%s %s: %s" % (line.contract_ref, line.line_ref, line.problem) for line in lines[:10]]
        raise UserError(
            _(
                "Nothing has been imported: %(count)s lines have problems. Check the import to see all of them.\n"
                "%(problems)s",
                count=len(lines),
                problems="\n".join(texts),
            )
        )

    def _read_lines(self):
        """Replace the lines by what the source says now, each with what it was understood as."""
        try:
            rows = self._read_rows()
        except importing.RowError as problem:
            raise UserError(self.env["linserv.contract.import.line"]._describe_problem(problem)) from problem
        self.line_ids.unlink()
        self._map_services(rows)
        lines = self.env["linserv.contract.import.line"].create(
            [self._prepare_line_vals(number, row) for number, row in enumerate(rows, start=1)]
        )
        lines._match()

    def _prepare_line_vals(self, number, row):
        values = {"contract_ref": "contract", "line_ref": "line", "customer": "customer", "service": "service"}
        return {
            "import_id": self.id,
            "sequence": number,
            "row": json.dumps(row),
            **{field: row.get(column) for field, column in values.items()},
        }

    def _map_services(self, rows):
        names = {row["service"] for row in rows if row["service"]}
        missing = names - set(self.service_ids.mapped("name"))
        self.env["linserv.contract.import.service"].create(
            [{"import_id": self.id, "name": name} for name in sorted(missing)]
        )
        self.service_ids._guess()

    def _read_rows(self):
        """Return the source's rows, one {column: text} a line."""
        if self.source == "csv":
            if not self.file:
                raise UserError(_("Choose the CSV file first. docs/import.md describes its columns."))
            return importing.read_csv(base64.b64decode(self.file))
        if self.source == "here":
            return self._only_of_company(self._read_oca(self.env.cr))
        # Another database holds other people's data: only who administers the system chooses it.
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(_("Only a system administrator may read another database."))
        return self._read_database()

    def _only_of_company(self, rows):
        """Return the rows of this import's company: SQL knows no record rules."""
        self.env.cr.execute(
            "SELECT 'oca-' || id FROM contract_contract WHERE company_id = %s OR company_id IS NULL",
            [self.company_id.id],
        )
        ours = {name for (name,) in self.env.cr.fetchall()}
        return [row for row in rows if row["contract"] in ours]

    def _read_database(self):
        name = (self.database or "").strip()
        if not name.replace("_", "").replace("-", "").replace(".", "").isalnum():
            raise UserError(_("Write the name of a database on this server."))
        try:
            with sql_db.db_connect(name).cursor() as cursor:
                rows = self._read_oca(cursor)
                cursor.rollback()
        except psycopg2.OperationalError as error:
            raise UserError(_("The database %(name)s cannot be read: %(error)s", name=name, error=error)) from error
        # The customers' ids are that database's.
        return [dict(row, customer_id="") for row in rows]

    def _read_oca(self, cursor):
        cursor.execute(
            "SELECT to_regclass('contract_line') IS NOT NULL AND to_regclass('contract_contract') IS NOT NULL"
        )
        if not cursor.fetchone()[0]:
            raise UserError(_("There are no OCA contracts in that database."))
        with open(get_resource_path("linserv_contract", "data", "oca_contract.sql"), encoding="utf-8") as sql:
            cursor.execute(sql.read())
        names = [column.name for column in cursor.description]
        return [
            {name: "" if value is None else str(value).strip() for name, value in zip(names, values)}
            for values in cursor.fetchall()
        ]
