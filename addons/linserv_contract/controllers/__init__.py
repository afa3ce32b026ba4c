from . import portal, portal_coverage, portal_requests, sale_portal
