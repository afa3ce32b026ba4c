from odoo import api, fields, models
from odoo.tools import format_datetime

from ..domain import agreement, retention, slots
from ..domain.point_states import GAPS, OPEN

TEXT_LINES = 40


class LinservBackupRepository(models.Model):
    """What the list changes: points that were thought lost are found, others are gone; and the day's proof."""

    _inherit = "linserv.backup.repository"

    def _agree_with_list(self, known, run, dr):
        """Bring the points in line with the list; tell whether anything changed."""
        asked = run.date_started or run.date_queued
        rows = self._get_known_points(("dr",) if dr else ("db", "fs"))
        points = [
            agreement.Known(row["id"], row["name"] or "", row["state"], self._is_fresh(row, asked), row["reason"] or "")
            for row in rows
        ]
        listed = {point.name: point.suspect for point in known.points}
        differences = agreement.compare(points, listed, known.trash, known.damaged)
        self._apply_differences(differences, {point.name: point for point in known.points}, dr)
        return differences.any

    @api.model
    def _is_fresh(self, row, asked):
        """Tell whether the point was proved or deleted after the list was asked for: the list need not know it."""
        return any(row[name] and row[name] >= asked for name in ("date_proved", "date_trashed"))

    def _apply_differences(self, differences, listed, dr):
        points = self.env["linserv.backup.point"].with_context(prefetch_fields=False)
        for point in points.browse(differences.found + differences.restored):
            point._found_in_list(listed[point.name])
        for key in differences.vanished:
            points.browse(key)._move("failed", failure_class="data", reason="vanished")
        for key in differences.damaged:
            points.browse(key)._move("failed", failure_class="data", reason="damaged")
        removed = points.browse(differences.removed)
        removed.write({"state": "removed", "date_removed": fields.Datetime.now()})
        if not dr:
            self._adopt([listed[name] for name in differences.unknown])

    def _adopt(self, unknown):
        """Make points of what the repository has and Odoo has never heard of, for example after Odoo was restored."""
        plans = {plan: plan._get_promise() for plan in self.plan_ids}
        vals_list = []
        for each in unknown:
            plan = next((p for p, promise in plans.items() if p.kind == each.kind and promise.holds(each.slot)), None)
            vals = self.env["linserv.backup.point"]._prepare_listed_vals(each)
            vals.update(repository_id=self.id, plan_id=plan.id if plan else False, kind=each.kind, name=each.name)
            vals_list.append(dict(vals, slot=self.env["linserv.backup.plan"]._moment(each.slot)))
        self.env["linserv.backup.point"].create(vals_list)

    def _prove(self, known, run, kinds):
        """Write the proofs of the day, one for each kind that was promised."""
        rows, proofs = self._get_known_points(kinds), self.env["linserv.backup.proof"]
        listed = {point.name for point in known.points} - known.damaged
        for kind in kinds:
            by_slot = {row["slot"]: row for row in rows if row["kind"] == kind}
            vals = self._prepare_proof_vals(kind, by_slot, listed, run)
            if vals:
                proofs |= self._write_proof(dict(vals, kind=kind, run_id=run.id))
        return proofs

    def _prepare_proof_vals(self, kind, by_slot, listed, run):
        """Return the figures of the proof, nothing where no plan promises the kind.

        :param by_slot: the points as rows by their slot
        :param listed: names that the repository lists and does not call damaged
        """
        now = self.env["linserv.backup.plan"]._epoch(fields.Datetime.now())
        promised = retention.promised(self._get_promises(kind), now)
        if not promised:
            return None
        asked = run.date_started or run.date_queued
        proof = retention.prove(
            promised,
            gaps=[slot for slot, row in by_slot.items() if self._is_gap(row)],
            unsettled=self._list_unsettled(kind, promised, by_slot, asked),
            good=[slot for slot, row in by_slot.items() if row["state"] == "proved" and row["name"] in listed],
            suspect=[slot for slot, row in by_slot.items() if row["state"] == "suspect" and row["name"] in listed],
        )
        return dict(self._prepare_figures(proof), gap_text=self._get_gap_text(proof, promised, by_slot))

    @api.model
    def _is_gap(self, row):
        """A recorded gap has its reason; what was there once and is there no longer is none, it is missing."""
        return row["state"] in GAPS and row["reason"] not in ("vanished", "damaged")

    def _list_unsettled(self, kind, promised, by_slot, asked):
        """Return the slots whose point is still being taken, or came after the list was asked for."""
        plans = self.plan_ids.filtered(lambda plan: plan.kind == kind)
        spans = [(plan._get_promise(), plan._epoch(plan.date_slots_to or plan.date_begun)) for plan in plans]
        waiting = [
            slot
            for slot in promised
            if slot not in by_slot and any(promise.holds(slot) and slot > settled for promise, settled in spans)
        ]
        open_slots = [slot for slot, row in by_slot.items() if row["state"] in OPEN or self._is_fresh(row, asked)]
        return waiting + open_slots

    def _prepare_figures(self, proof):
        missing = [*proof.missing, *proof.suspect]
        return {
            "repository_id": self.id,
            "date": fields.Date.today(),
            "state": "complete" if proof.complete else "incomplete",
            "slots": proof.slots,
            "gaps": len(proof.gaps),
            "expected": proof.expected,
            "listed": proof.listed,
            "missing": len(proof.missing),
            "suspect": len(proof.suspect),
            "extra": len(proof.extra),
            "missing_text": "\n".join(slots.to_text(slot) for slot in missing[:TEXT_LINES]) or False,
        }

    def _get_gap_text(self, proof, promised, by_slot):
        """Return the gaps in lines, neighbours of one reason together."""
        points = self.env["linserv.backup.point"]
        lines = []
        for reason in sorted({by_slot[slot]["reason"] or "unknown" for slot in proof.gaps}):
            gaps = [slot for slot in proof.gaps if (by_slot[slot]["reason"] or "unknown") == reason]
            text = " ".join(points._get_reason_text(code) for code in reason.split())
            for first, last, count in retention.runs_of(gaps, promised):
                lines.append((first, "%s: %s" % (self._get_span_text(first, last, count), text)))
        return "\n".join(line for _first, line in sorted(lines)[:TEXT_LINES]) or False

    def _get_span_text(self, first, last, count):
        zone = self.sudo().source_host_id.timezone or "UTC"
        moments = [self.env["linserv.backup.plan"]._moment(slot) for slot in ([first, last] if count > 1 else [first])]
        shown = [format_datetime(self.env, moment, tz=zone, dt_format="yyyy-MM-dd HH:mm") for moment in moments]
        return "%s (%d)" % ("–".join(shown), count) if count > 1 else shown[0]

    def _write_proof(self, vals):
        proofs = self.env["linserv.backup.proof"]
        domain = [("repository_id", "=", self.id), ("kind", "=", vals["kind"]), ("date", "=", vals["date"])]
        proof = proofs.search(domain)
        if proof:
            proof.write(vals)
            return proof
        return proofs.create([vals])
