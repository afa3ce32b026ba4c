-- A busy half hour at the customer: `rows` rows are changed, added or removed, and time has gone on to :moment.
-- Most of what is changed is recent, the rest are old documents, a few neighbouring rows each; what is new resembles what is there.
SET session_replication_role = replica;
SELECT setseed(:seed);
CREATE TEMPORARY TABLE half_hour AS SELECT :rows::float AS rows, :'moment'::timestamp AS moment;

CREATE FUNCTION pg_temp.share(weight float) RETURNS int LANGUAGE sql AS
$$ SELECT round(weight * rows)::int FROM half_hour $$;

-- Keys of a table's rows that are touched: five of six from the last thirtieth, the others from anywhere, four neighbours at a time.
CREATE FUNCTION pg_temp.touched(name text, weight float) RETURNS SETOF int LANGUAGE plpgsql AS $$
DECLARE first int; last int; count int := pg_temp.share(weight);
BEGIN
    EXECUTE format('SELECT 1000001, max(id) FROM %I', name) INTO first, last;
    RETURN QUERY SELECT DISTINCT last - floor(random() * (last - first) / 30)::int FROM generate_series(1, count * 5 / 6)
        UNION SELECT place + neighbour FROM (SELECT first + floor(random() * (last - first))::int AS place FROM generate_series(1, count / 24)) old, generate_series(0, 3) neighbour;
END $$;

-- As many neighbouring rows of a table, from anywhere.
CREATE FUNCTION pg_temp.forgotten(name text, weight float) RETURNS SETOF int LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT id FROM %1$I WHERE id > (SELECT random() * max(id) * 0.9 FROM %1$I) ORDER BY id LIMIT %2$s', name, pg_temp.share(weight));
END $$;

-- Rows like others of the same table, with a key and values of their own; `changes` as in inflate.sql.
CREATE FUNCTION pg_temp.add_like(name text, weight float, changes jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE columns text; chosen text; last int; dates jsonb := '{"create_date": "moment", "write_date": "moment"}';
BEGIN
    EXECUTE format('SELECT max(id) FROM %I', name) INTO last;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(COALESCE((dates || changes) ->> attname, 'o.' || quote_ident(attname)), ', ' ORDER BY attnum)
      INTO columns, chosen
      FROM pg_attribute WHERE attrelid = name::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('INSERT INTO %1$I (%2$s) SELECT %3$s
        FROM (SELECT row_number() OVER () AS n, 1000001 + floor(random() * (%4$s - 1000001))::int AS id, h.moment + random() * interval ''25 minutes'' AS moment, random() AS chance
              FROM generate_series(1, pg_temp.share(%5$s)), half_hour h) new
        JOIN %1$I o USING (id)', name, columns, replace(chosen, 'LAST', last::text), last, weight);
    PERFORM setval(name || '_id_seq', (SELECT last + pg_temp.share(weight))::bigint);
END $$;

-- 0.55 of the rows are changed.
UPDATE account_move_line SET reconciled = NOT reconciled, amount_residual = CASE WHEN reconciled THEN balance ELSE 0 END,
       matching_number = CASE WHEN reconciled THEN NULL ELSE 'P' || id END, write_uid = 3, write_date = moment + random() * interval '29 minutes'
  FROM half_hour WHERE id IN (SELECT pg_temp.touched('account_move_line', 0.16));
UPDATE account_move SET payment_state = CASE payment_state WHEN 'paid' THEN 'not_paid' ELSE 'paid' END, amount_residual = amount_total - amount_residual,
       write_uid = 3, write_date = moment + random() * interval '29 minutes'
  FROM half_hour WHERE id IN (SELECT pg_temp.touched('account_move', 0.09));
UPDATE res_partner SET phone = '+46 ' || (100000 + floor(random() * 800000))::int, write_uid = 4, write_date = moment + random() * interval '29 minutes'
  FROM half_hour WHERE id IN (SELECT pg_temp.touched('res_partner', 0.09));
UPDATE sale_order_line SET qty_delivered = product_uom_qty, qty_to_invoice = floor(random() * 9)::int, write_uid = 5, write_date = moment + random() * interval '29 minutes'
  FROM half_hour WHERE id IN (SELECT pg_temp.touched('sale_order_line', 0.11));
UPDATE sale_order SET invoice_status = CASE invoice_status WHEN 'invoiced' THEN 'to invoice' ELSE 'invoiced' END, write_uid = 5, write_date = moment + random() * interval '29 minutes'
  FROM half_hour WHERE id IN (SELECT pg_temp.touched('sale_order', 0.05));
UPDATE mail_message SET moderation_status = 'accepted', write_date = moment + random() * interval '29 minutes'
  FROM half_hour WHERE id IN (SELECT pg_temp.touched('mail_message', 0.03));
UPDATE product_template SET list_price = round((list_price * (0.9 + 0.2 * random()))::numeric, 2), write_date = moment
  FROM half_hour WHERE id IN (SELECT pg_temp.touched('product_template', 0.02));

-- 0.38 are new.
SELECT pg_temp.add_like('account_move', 0.03, '{"id": "LAST + n", "name": "overlay(o.name placing lpad((LAST + n - 1000000)::text, 5, ''0'') from 13)", "sequence_number": "LAST + n - 1000000",
    "payment_reference": "(LAST + n)::text", "date": "moment::date", "invoice_date": "moment::date", "invoice_date_due": "moment::date + 30", "payment_state": "''not_paid''", "access_token": "NULL"}');
SELECT pg_temp.add_like('account_move_line', 0.12, '{"id": "LAST + n", "move_id": "(SELECT max(id) FROM account_move) - (n / 4)::int", "price_unit": "round((o.price_unit * (0.8 + chance))::numeric, 2)",
    "date": "moment::date", "date_maturity": "moment::date + 30", "reconciled": "FALSE", "matching_number": "NULL"}');
SELECT pg_temp.add_like('mail_message', 0.07, '{"id": "LAST + n", "date": "date_trunc(''second'', moment)", "message_id": "''<'' || floor(chance * 999999999999)::bigint || ''.'' || extract(epoch from moment) || ''-openerp-'' || o.res_id || ''@norrvik>''",
    "body": "overlay(o.body placing (SELECT substr(m.body, 60, (20 + 400 * chance)::int) FROM mail_message m WHERE m.id = 1000001 + (n * 7919 + LAST * 31) % 130000) from 15 for 30)"}');
SELECT pg_temp.add_like('sale_order', 0.01, '{"id": "LAST + n", "name": "''S'' || LAST + n", "date_order": "moment", "state": "''draft''", "access_token": "md5(chance::text)"}');
SELECT pg_temp.add_like('sale_order_line', 0.04, '{"id": "LAST + n", "order_id": "(SELECT max(id) FROM sale_order) - (n / 4)::int", "product_uom_qty": "1 + floor(chance * 9)"}');
SELECT pg_temp.add_like('res_partner', 0.01, '{"id": "LAST + n", "commercial_partner_id": "LAST + n", "email": "lower(o.firstname) || LAST + n || ''@example.se''", "ref": "''K'' || LAST + n"}');
INSERT INTO mail_tracking_value (field, field_desc, field_type, old_value_char, new_value_char, mail_message_id, tracking_sequence, create_uid, create_date, write_uid, write_date)
    SELECT field, field_desc, field_type, new_value_char, old_value_char, (SELECT max(id) FROM mail_message) - floor(random() * 100)::int, 100, 3, moment, 3, moment
    FROM mail_tracking_value, half_hour WHERE mail_tracking_value.id % 9 = 4 LIMIT (SELECT pg_temp.share(0.05));
INSERT INTO mail_followers (res_model, res_id, partner_id)
    SELECT 'account.move', max + 1 - n, 1000001 + floor(random() * 30000)::int FROM (SELECT max(id) FROM account_move) newest, generate_series(1, pg_temp.share(0.03)) n ON CONFLICT DO NOTHING;
INSERT INTO bus_bus (channel, message, create_uid, create_date, write_uid, write_date)
    SELECT format('["norrvik","res.partner",%s]', 1 + n % 40), format('{"type":"mail.message/insert","id":%s}', floor(random() * 1000000)), 1, moment, 1, moment FROM half_hour, generate_series(1, pg_temp.share(0.02)) n;

-- 0.07 are gone.
DELETE FROM bus_bus WHERE id IN (SELECT id FROM bus_bus ORDER BY id LIMIT (SELECT pg_temp.share(0.02)));
DELETE FROM mail_tracking_value WHERE id IN (SELECT pg_temp.forgotten('mail_tracking_value', 0.02));
DELETE FROM mail_followers WHERE id IN (SELECT pg_temp.forgotten('mail_followers', 0.015));
DELETE FROM mail_followers_mail_message_subtype_rel r WHERE NOT EXISTS (SELECT 1 FROM mail_followers f WHERE f.id = r.mail_followers_id);
DELETE FROM sale_order_line WHERE id IN (SELECT pg_temp.touched('sale_order_line', 0.015));
