{
    "name": "Linserv Maintenance",
    "summary": "Counts the lines of code of customers' instances, signs the count and bills it",
    "version": "14.0.1.0.0",
    "category": "Services/Linserv",
    "license": "LGPL-3",
    "author": "Linserv AB",
    "website": "https://www.linserv.se",
    "depends": ["linserv_contract"],
    "external_dependencies": {"python": ["cryptography", "pygount"]},
    "data": [],
    "installable": True,
}
