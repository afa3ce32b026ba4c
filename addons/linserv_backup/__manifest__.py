{
    "name": "Linserv Backup",
    "summary": "Backups that are proved: policies, points, restores, test copies, disaster recovery",
    "version": "14.0.1.0.0",
    "category": "Services/Linserv",
    "license": "LGPL-3",
    "author": "Linserv AB",
    "website": "https://www.linserv.se",
    "depends": ["linserv_contract"],
    "external_dependencies": {"python": ["cryptography"]},
    "data": [
        "security/linserv_security.xml",
        "security/linserv_backup_plan_security.xml",
        "security/ir.model.access.csv",
        "views/linserv_host_views.xml",
        "views/linserv_menus.xml",
    ],
}
