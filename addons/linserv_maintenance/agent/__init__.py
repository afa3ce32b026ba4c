"""What runs on a customer's host: counting the code of its Odoo. Standard library only, Python 3.7 and later."""
