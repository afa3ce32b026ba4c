{
    "name": "Linserv Queue",
    "summary": "Hands remote runs to OCA queue_job, on as many machines as there are",
    "version": "14.0.1.0.0",
    "license": "LGPL-3",
    "author": "Linserv AB",
    "website": "https://www.linserv.se",
    "category": "Services/Linserv",
    "depends": ["linserv_hosting", "queue_job"],
    "data": ["data/queue_job.xml"],
}
