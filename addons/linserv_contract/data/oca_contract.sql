-- The contracts of OCA "contract" 14 in the columns of docs/import.md.
--   psql -d DATABASE --csv -f oca_contract.sql > contracts.csv
-- Left out: contracts with suppliers, archived or terminated contracts, archived or cancelled lines, sections and notes.
SELECT
    'oca-' || c.id AS contract,
    'oca-' || l.id AS line,
    coalesce(cp.name, p.name) AS customer,
    p.id AS customer_id,
    coalesce(cp.vat, p.vat) AS customer_vat,
    coalesce(cp.ref, p.ref) AS customer_ref,
    coalesce(pr.default_code, pt.name, l.name) AS service,
    NULL AS instance,
    l.date_start,
    coalesce(l.date_end, c.date_end) AS date_end,
    CASE l.recurring_rule_type
        WHEN 'monthly' THEN l.recurring_interval::text
        WHEN 'monthlylastday' THEN l.recurring_interval::text
        WHEN 'quarterly' THEN (3 * l.recurring_interval)::text
        WHEN 'semesterly' THEN (6 * l.recurring_interval)::text
        WHEN 'yearly' THEN (12 * l.recurring_interval)::text
        ELSE l.recurring_interval || ' ' || l.recurring_rule_type
    END AS interval,
    l.recurring_invoicing_type AS timing,
    CASE l.recurring_rule_type WHEN 'monthlylastday' THEN 'calendar' ELSE 'contract_day' END AS alignment,
    l.quantity,
    CASE WHEN l.automatic_price THEN NULL ELSE l.specific_price END AS price,
    coalesce(l.discount, 0) AS discount,
    currency.name AS currency,
    l.last_date_invoiced AS billed_to,
    l.recurring_next_date AS next_invoice,
    term.name AS payment_term,
    u.login AS salesperson,
    l.name AS text
FROM contract_line l
JOIN contract_contract c ON c.id = l.contract_id
JOIN res_partner p ON p.id = c.partner_id
LEFT JOIN res_partner cp ON cp.id = p.commercial_partner_id
LEFT JOIN product_product pr ON pr.id = l.product_id
LEFT JOIN product_template pt ON pt.id = pr.product_tmpl_id
LEFT JOIN account_payment_term term ON term.id = c.payment_term_id
LEFT JOIN res_users u ON u.id = c.user_id
LEFT JOIN res_company company ON company.id = c.company_id
LEFT JOIN product_pricelist pricelist ON pricelist.id = c.pricelist_id
LEFT JOIN res_currency currency
    ON currency.id = coalesce(c.manual_currency_id, pricelist.currency_id, company.currency_id)
WHERE c.contract_type = 'sale'
    AND c.active
    AND NOT coalesce(c.is_terminated, false)
    AND coalesce(l.active, true)
    AND NOT coalesce(l.is_canceled, false)
    AND l.display_type IS NULL
ORDER BY c.id, l.sequence, l.id
