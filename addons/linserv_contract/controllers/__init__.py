from . import portal, portal_coverage
