from odoo import _, api, models


class LinservRun(models.Model):
    """A run that is made by a worker of queue_job as soon as it is ordered.

    The job only says *when*: it claims the run as the scheduled action does, under a lease, so a job that is lost, kept
    for ever or run twice does no harm, and the scheduled action makes good what no job has made.
    """

    _inherit = "linserv.run"

    @api.model_create_multi
    def create(self, vals_list):
        runs = super().create(vals_list)
        for run in runs:
            run._hand_to_queue()
        return runs

    def action_retry(self):
        """Queue the runs again, and hand them to a worker."""
        result = super().action_retry()
        for run in self:
            run._hand_to_queue()
        return result

    def _hand_to_queue(self):
        self.ensure_one()
        self.with_delay(
            identity_key="linserv.run:%s" % self.name,
            description=_("%(verb)s on %(host)s", verb=self.verb, host=self.host_id.display_name),
            max_retries=1,
        )._job_call()

    def _job_call(self):
        """Make the call of this run, when nobody else has, and follow detached work for a slice."""
        return self.exists()._call_now()
