"""The answer to a question about coverage, as the rest of the suite reads it."""

from dataclasses import dataclass, field
from typing import Any, Optional


@dataclass(frozen=True)
class CoverageAnswer:
    """Whether a piece of work is included, and if not, what it costs.

    ``outcome`` is covered, quota, pack or charged. ``price`` is what the customer pays: for ``price_per`` "hour" the
    price of an hour, for "once" that of doing it; None when it costs nothing, or when nobody has written the price of
    an hour (``price_missing``). ``reason`` says it all to the customer, in the reader's language: ``why`` and then
    ``payment``. ``needs_approval``: somebody must say yes before the work begins.
    """

    outcome: str
    reason_code: str
    why: str
    payment: str = ""
    price: Optional[float] = None
    price_per: str = ""
    price_missing: bool = False
    needs_approval: bool = False
    quota_used: int = 0
    quota_limit: int = 0
    quota_to: Any = None
    pack_minutes: int = 0
    minimum_minutes: int = 0
    step_minutes: int = 0
    contract: Any = field(default=None, compare=False)
    instance: Any = field(default=None, compare=False)
    work_type: Any = field(default=None, compare=False)
    service: Any = field(default=None, compare=False)
    currency: Any = field(default=None, compare=False)

    @property
    def reason(self):
        """Why, and what it costs."""
        return " ".join(text for text in (self.why, self.payment) if text)

    @property
    def quota_left(self):
        """How many are left this contract year."""
        return max(0, self.quota_limit - self.quota_used)

    @property
    def is_included(self):
        """Tell whether the customer pays nothing by the hour for the work."""
        return self.outcome in ("covered", "quota")

    @property
    def rank(self):
        """Order answers of several contracts: the best for the customer is the lowest."""
        return ("covered", "quota", "pack", "charged").index(self.outcome), self.price or 0.0
