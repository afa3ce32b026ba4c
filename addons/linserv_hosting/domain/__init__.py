"""The rules of the fleet in plain Python: no Odoo, no input, no output."""
