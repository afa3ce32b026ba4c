from . import portal, portal_coverage, sale_portal
