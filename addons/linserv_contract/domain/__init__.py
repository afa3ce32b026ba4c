"""The billing rules in plain Python: dates, money, states. Nothing here imports Odoo."""
