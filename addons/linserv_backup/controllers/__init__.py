from . import drill, portal, portal_copies
