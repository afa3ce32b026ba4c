from . import drill, portal_copies
