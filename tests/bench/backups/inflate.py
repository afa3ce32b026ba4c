"""A customer's database of a size that matters: Odoo 14 with some 730,000 rows and a filestore of a gigabyte.

Made once and kept as a template in the cluster. One partner, product, order and invoice are made as a person makes
them; `inflate.sql` copies their rows with values of their own. The files are attachments of the invoices: most of a
filestore is pictures and PDF files, which do not compress.
"""

import hashlib
import itertools
import random
import subprocess
from pathlib import Path

from support import STATE, Database

HERE = Path(__file__).parent
FILES = 7000
MEAN_FILE = 165_000
SEED = 14
PROSE = 160_000

PROTOTYPE = """
import datetime
partner = env["res.partner"].create({"name": "Förebild AB", "is_company": True, "lang": "sv_SE", "email": "a@b.example",
                                     "country_id": env.ref("base.se").id})
tax = env["account.tax"].search([("type_tax_use", "=", "sale"), ("amount", "=", 25.0)], limit=1)
product = env["product.product"].create(
    {"name": "Förebild", "list_price": 100.0, "type": "service", "taxes_id": [(6, 0, tax.ids)]})
order = env["sale.order"].create({"partner_id": partner.id, "order_line": [(0, 0, {"product_id": product.id})]})
order.action_confirm()
move = env["account.move"].create({
    "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": datetime.date(2022, 1, 3),
    "invoice_line_ids": [(0, 0, {"product_id": product.id, "price_unit": 100.0, "tax_ids": [(6, 0, tax.ids)]})],
})
move.action_post()
lines = move.line_ids
answer({
    "partner": partner.id, "product": product.id, "template": product.product_tmpl_id.id, "order": order.id,
    "order_line": order.order_line.id, "move": move.id, "message": move.message_ids[-1].id,
    "income": lines.filtered("product_id").id, "tax": lines.filtered("tax_line_id").id,
    "receivable": lines.filtered(lambda line: line.account_internal_type == "receivable").id,
})
env.cr.commit()
"""

WORDS = """
SELECT part FROM ir_translation, regexp_split_to_table(value, '[^[:alpha:]]+') AS part
WHERE lang = 'sv_SE' AND length(part) BETWEEN 2 AND 18 GROUP BY part ORDER BY count(*) DESC, part
"""

ATTACH = """
INSERT INTO ir_attachment (name, res_model, res_id, company_id, type, store_fname, file_size, checksum, mimetype,
                           index_content, create_uid, create_date, write_uid, write_date)
SELECT 'Faktura ' || number || '.pdf', 'account.move', 1000000 + number, 1, 'binary', store, size, substr(store, 4),
       'application/pdf', 'application', 2, now(), 2, now()
FROM incoming;
"""


def get_template(source):
    """Name of the inflated database, made from the template `source` when there is none."""
    name = "bench_backup_%s" % digest(source)
    database = object.__new__(Database)
    database.name = "postgres"
    if database.query("SELECT 1 FROM pg_database WHERE datname = '%s'" % name):
        return name
    print("making the database %s, once …" % name, flush=True)
    work = Database("%s_making" % name, source)
    inflate(work)
    store = STATE / "data" / "filestore"
    subprocess.run(["rm", "-rf", store / name], check=True)
    (store / work.name).rename(store / name)
    database.query('ALTER DATABASE "%s" RENAME TO "%s"' % (work.name, name))
    return name


def digest(source):
    """What the template is known by: all that it is made of."""
    parts = [source, Path(__file__).read_text(), (HERE / "inflate.sql").read_text()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def inflate(work):
    """Fill the database and its filestore."""
    ids = work.shell(PROTOTYPE)
    script = make_prose(work, random.Random(SEED)) + (HERE / "inflate.sql").read_text()
    words = ["psql", "-X", "-q", "-U", "postgres", "-d", work.name, "-v", "ON_ERROR_STOP=1"]
    for name, number in ids.items():
        words += ["-v", "%s=%d" % (name, number)]
    subprocess.run(words, check=True, input=script.encode(), stdout=subprocess.DEVNULL)
    add_files(work.name, random.Random(SEED), FILES)
    work.query("VACUUM ANALYZE")


def make_prose(work, chance):
    """SQL that fills a table with short and long texts, in the words of Odoo's own Swedish; the frequent ones often."""
    words = [row[0] for row in work.query(WORDS)]
    weights = list(itertools.accumulate(1 / (place + 9) for place in range(len(words))))
    lines = []
    for number in range(PROSE):
        text = chance.choices(words, cum_weights=weights, k=58 + int(6 * chance.paretovariate(1.0)) % 90)
        lines.append("%d\t%s\t%s\n" % (number, " ".join(text[:5]), " ".join(text[5:])))
    return "CREATE TEMPORARY TABLE prose (n int, short text, long text);\nCOPY prose FROM stdin;\n%s\\.\n" % "".join(
        lines
    )


def add_files(database, chance, count, mean=MEAN_FILE):
    """Put new files into the filestore of a database, as attachments; their number of bytes."""
    folder = STATE / "data" / "filestore" / database
    rows, total = [], 0
    for _file in range(count):
        data = make_file(chance, mean)
        name = hashlib.sha1(data).hexdigest()
        path = folder / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        rows.append("%d\t%s/%s\t%d" % (chance.randrange(1, 44000), name[:2], name, len(data)))
        total += len(data)
    script = (
        "CREATE TEMPORARY TABLE incoming (number int, store text, size int);\nCOPY incoming FROM stdin;\n%s\n\\.\n%s"
    )
    text = (script % ("\n".join(rows), ATTACH)).encode()
    subprocess.run(
        ["psql", "-Xq1", "-v", "ON_ERROR_STOP=1", "-d", database], check=True, input=text, stdout=subprocess.DEVNULL
    )
    return total


def make_file(chance, mean):
    """Bytes like those of a scanned invoice: a head that repeats itself, then a picture that does not compress."""
    size = int(min(20 * mean, chance.lognormvariate(0, 0.9) * mean / 1.5))
    head = b"%PDF-1.4\n" + b"".join(
        b"%d 0 obj << /Type /Page /Parent 1 0 R >> endobj\n" % n for n in range(size // 1500)
    )
    return head + chance.randbytes(max(64, size - len(head)))
