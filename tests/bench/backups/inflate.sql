-- Inflates an Odoo 14 database to some 730,000 rows: copies of rows that Odoo itself made, each with names, amounts, dates and
-- texts of its own. Variables: the ids of the originals. Run as superuser: the keys are right by construction.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';

-- A number, spread well, that belongs to a row and a purpose.
CREATE FUNCTION pg_temp.mix(number bigint, purpose int) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT hashint8extended(number, purpose) & 4611686018427387903 $$;

-- From 0 to 1, small numbers often: a few customers and words make most of what happens.
CREATE FUNCTION pg_temp.skew(number bigint, purpose int) RETURNS float IMMUTABLE LANGUAGE sql AS
$$ SELECT power((pg_temp.mix(number, purpose) % 1000003) / 1000003.0, 2.5) $$;

CREATE FUNCTION pg_temp.pick(choices text[], number bigint, purpose int) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT choices[1 + pg_temp.mix(number, purpose) % array_length(choices, 1)] $$;

CREATE FUNCTION pg_temp.amount(number bigint, purpose int) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT round((40 + 18000 * pg_temp.skew(number, purpose))::numeric, CASE pg_temp.mix(number, purpose + 1) % 3 WHEN 0 THEN 2 ELSE 0 END) $$;

-- Working hours of four years, in the order of the rows.
CREATE FUNCTION pg_temp.moment(number bigint, total bigint) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT timestamp '2022-01-03' + (1400.0 * number / total)::int * interval '1 day' + interval '7 hours'
          + (pg_temp.mix(number, 77) % 32400000000) * interval '1 microsecond' $$;

-- What somebody wrote: `prose` comes with this script, a short text and a long one in each of its 160,000 rows.
CREATE UNIQUE INDEX ON prose (n);
CREATE FUNCTION pg_temp.short(number bigint, purpose int) RETURNS text STABLE LANGUAGE sql AS
$$ SELECT short FROM prose WHERE n = (pg_temp.mix(number, purpose) % 160000)::int $$;
CREATE FUNCTION pg_temp.long(number bigint, purpose int) RETURNS text STABLE LANGUAGE sql AS
$$ SELECT long FROM prose WHERE n = (pg_temp.mix(number, purpose) % 160000)::int $$;

CREATE FUNCTION pg_temp.first_name(number bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT pg_temp.pick('{Anna,Erik,Maria,Lars,Karin,Mikael,Sara,Anders,Eva,Johan,Lena,Per,Kristina,Nils,Ingrid,Jan,Emma,Karl,Birgitta,Olof,Hanna,Peter,Marie,Daniel,Elin,Fredrik,Sofia,Thomas,Ulla,Hans,Åsa,Björn,Märta,Göran,Linnéa,Stefan,Astrid,Magnus,Agneta,Oskar}', number, 1) $$;
CREATE FUNCTION pg_temp.last_name(number bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT pg_temp.pick('{Andersson,Johansson,Karlsson,Nilsson,Eriksson,Larsson,Olsson,Persson,Svensson,Gustafsson,Pettersson,Jonsson,Jansson,Hansson,Bengtsson,Lindberg,Lindström,Lundqvist,Bergström,Sandberg,Forsberg,Sjöberg,Wallin,Engström,Eklund,Danielsson,Lundgren,Håkansson,Björk,Norberg,Åkerman,Hedlund,Sundin,Nyström,Holm,Berglund,Fransson,Öberg,Ström,Viklund}', number, 2) $$;
CREATE FUNCTION pg_temp.city(number bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT pg_temp.pick('{Sundsvall,Härnösand,Umeå,Östersund,Stockholm,Göteborg,Malmö,Uppsala,Gävle,Luleå,Västerås,Örebro,Timrå,Kramfors,Sollefteå,Hudiksvall}', number, 3) $$;

-- Copies of one row of a table: `changes` are expressions of `n`, by column.
CREATE FUNCTION pg_temp.multiply(name text, original int, total int, changes jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE columns text; chosen text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(COALESCE(changes ->> attname, 'o.' || quote_ident(attname)), ', ' ORDER BY attnum)
      INTO columns, chosen
      FROM pg_attribute WHERE attrelid = name::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM %I o, generate_series(1, %s) AS n WHERE o.id = %s ORDER BY n',
                   name, columns, chosen, name, total, original);
    PERFORM setval(name || '_id_seq', (1000000 + total)::bigint);
END $$;

\set customers 30000
\set invoices 44000
\set orders 15000
\set products 3000
\set messages 135000

SELECT pg_temp.multiply('res_partner', :partner, :customers, jsonb_build_object(
    'id', '1000000 + n', 'commercial_partner_id', '1000000 + n', 'is_company', 'n % 3 > 0',
    'name', $$pg_temp.last_name(n) || pg_temp.pick('{" Bygg AB"," & Söner HB"," El AB"," Konsult AB"," Fastigheter AB"," Åkeri AB"," Mekaniska AB",""}', n, 4) || ' ' || (n % 97)$$,
    'display_name', $$pg_temp.last_name(n) || pg_temp.pick('{" Bygg AB"," & Söner HB"," El AB"," Konsult AB"," Fastigheter AB"," Åkeri AB"," Mekaniska AB",""}', n, 4) || ' ' || (n % 97)$$,
    'lastname', 'pg_temp.last_name(n)', 'firstname', 'pg_temp.first_name(n)',
    'street', $$pg_temp.pick('{Storgatan,Kungsgatan,Industrivägen,Skolgatan,Hamngatan,Björkvägen,Ringvägen,Kyrkogatan}', n, 5) || ' ' || (1 + pg_temp.mix(n, 6) % 190)$$,
    'zip', $$lpad((10000 + pg_temp.mix(n, 7) % 88000)::text, 5, '0')$$, 'city', 'pg_temp.city(n)',
    'email', $$lower(pg_temp.first_name(n)) || '.' || n || '@' || lower(pg_temp.last_name(n)) || '.se'$$,
    'email_normalized', $$lower(pg_temp.first_name(n)) || '.' || n || '@' || lower(pg_temp.last_name(n)) || '.se'$$,
    'phone', $$'+46 ' || (8 + pg_temp.mix(n, 8) % 900) || ' ' || lpad((pg_temp.mix(n, 9) % 1000000)::text, 6, '0')$$,
    'vat', $$CASE WHEN n % 3 > 0 THEN 'SE55' || lpad((pg_temp.mix(n, 10) % 100000000)::text, 8, '0') || '01' END$$,
    'ref', $$'K' || lpad(n::text, 6, '0')$$, 'comment', 'CASE WHEN n % 11 = 0 THEN pg_temp.short(n, 11) END',
    'customer_rank', 'pg_temp.mix(n, 12) % 40', 'create_date', 'pg_temp.moment(n, 30000)',
    'write_date', $$pg_temp.moment(n, 30000) + (pg_temp.mix(n, 13) % 90) * interval '1 day'$$));

SELECT pg_temp.multiply('product_template', :template, :products, jsonb_build_object(
    'id', '1000000 + n', 'name', $$initcap(pg_temp.short(n, 20))$$, 'list_price', 'pg_temp.amount(n, 21)',
    'default_code', $$'A' || lpad(n::text, 5, '0')$$, 'description_sale', 'pg_temp.short(n, 22)'));
SELECT pg_temp.multiply('product_product', :product, :products, jsonb_build_object(
    'id', '1000000 + n', 'product_tmpl_id', '1000000 + n', 'default_code', $$'A' || lpad(n::text, 5, '0')$$));

-- An invoice of two lines, its tax and its receivable; the first nine of ten are paid.
CREATE TEMPORARY VIEW invoice AS
    SELECT n, pg_temp.amount(n, 30) AS first, pg_temp.amount(n, 32) AS second,
           round(0.25 * (pg_temp.amount(n, 30) + pg_temp.amount(n, 32)), 2) AS tax,
           pg_temp.moment(n, 44000) AS moment, 1 + floor(30000 * pg_temp.skew(n, 34))::int AS customer,
           'INV/' || to_char(pg_temp.moment(n, 44000), 'YYYY/MM/') || lpad(n::text, 5, '0') AS name
    FROM generate_series(1, :invoices) AS n;
CREATE TEMPORARY TABLE bill AS SELECT *, first + second + tax AS total FROM invoice;
CREATE UNIQUE INDEX ON bill (n);
CREATE FUNCTION pg_temp.bill(number int) RETURNS bill STABLE LANGUAGE sql AS $$ SELECT * FROM bill WHERE n = number $$;

CREATE FUNCTION pg_temp.copy_lines(name text, source text, original int, changes jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE columns text; chosen text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(COALESCE(changes ->> attname, 'o.' || quote_ident(attname)), ', ' ORDER BY attnum)
      INTO columns, chosen
      FROM pg_attribute WHERE attrelid = name::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM %I o, %s s WHERE o.id = %s ORDER BY s.n', name, columns, chosen, name, source, original);
    EXECUTE format('SELECT setval(%L, (SELECT max(id) FROM %I))', name || '_id_seq', name);
END $$;

SELECT pg_temp.copy_lines('account_move', 'bill', :move, jsonb_build_object(
    'id', '1000000 + s.n', 'name', 's.name', 'date', 's.moment::date', 'invoice_date', 's.moment::date',
    'invoice_date_due', 's.moment::date + 30', 'partner_id', '1000000 + s.customer', 'commercial_partner_id', '1000000 + s.customer',
    'partner_shipping_id', '1000000 + s.customer', 'payment_reference', $$(100000 + s.n) || (pg_temp.mix(s.n, 40) % 10)::text$$,
    'invoice_origin', $$'S' || lpad((s.n % 15000)::text, 5, '0')$$,
    'amount_untaxed', 's.first + s.second', 'amount_tax', 's.tax', 'amount_total', 's.total',
    'amount_residual', 'CASE WHEN s.n > 40000 THEN s.total ELSE 0 END', 'amount_untaxed_signed', 's.first + s.second',
    'amount_tax_signed', 's.tax', 'amount_total_signed', 's.total', 'amount_residual_signed', 'CASE WHEN s.n > 40000 THEN s.total ELSE 0 END',
    'payment_state', $$CASE WHEN s.n > 40000 THEN 'not_paid' ELSE 'paid' END$$, 'sequence_number', 's.n',
    'sequence_prefix', $$'INV/' || to_char(s.moment, 'YYYY/MM/')$$, 'access_token', $$CASE WHEN s.n % 4 = 0 THEN md5(s.n::text) END$$,
    'invoice_partner_display_name', $$pg_temp.last_name(s.customer) || pg_temp.pick('{" Bygg AB"," & Söner HB"," El AB"," Konsult AB"," Fastigheter AB"," Åkeri AB"," Mekaniska AB",""}', s.customer, 4) || ' ' || (s.customer % 97)$$,
    'create_date', 's.moment', 'write_date', $$s.moment + (pg_temp.mix(s.n, 41) % 2500000) * interval '1.000123 second'$$));

SELECT pg_temp.copy_lines('account_move_line', 'bill', line.id, jsonb_build_object(
    'id', format('1000000 + s.n * 4 + %s', line.place), 'move_id', '1000000 + s.n', 'move_name', 's.name', 'date', 's.moment::date',
    'partner_id', '1000000 + s.customer', 'ref', 'NULL', 'create_date', 's.moment',
    'write_date', $$s.moment + (pg_temp.mix(s.n, 41) % 2500000) * interval '1.000123 second'$$) || line.changes)
FROM (VALUES
    (0, :income, jsonb_build_object('product_id', '1000001 + floor(3000 * pg_temp.skew(s.n, 42))::int', 'name', '''['' || pg_temp.mix(s.n, 42) % 3000 || ''] '' || pg_temp.short(s.n % 3000, 43)',
        'price_unit', 's.first', 'credit', 's.first', 'balance', '-s.first', 'amount_currency', '-s.first', 'price_subtotal', 's.first', 'price_total', 'round(1.25 * s.first, 2)', 'tax_base_amount', '0')),
    (1, :income, jsonb_build_object('product_id', '1000001 + floor(3000 * pg_temp.skew(s.n, 44))::int', 'name', '''['' || pg_temp.mix(s.n, 44) % 3000 || ''] '' || pg_temp.short(s.n % 2900, 45)',
        'price_unit', 's.second', 'credit', 's.second', 'balance', '-s.second', 'amount_currency', '-s.second', 'price_subtotal', 's.second', 'price_total', 'round(1.25 * s.second, 2)')),
    (2, :tax, jsonb_build_object('price_unit', 's.tax', 'credit', 's.tax', 'balance', '-s.tax', 'amount_currency', '-s.tax', 'price_subtotal', 's.tax', 'price_total', 's.tax', 'tax_base_amount', 's.first + s.second')),
    (3, :receivable, jsonb_build_object('name', $$(100000 + s.n) || (pg_temp.mix(s.n, 40) % 10)::text$$, 'date_maturity', 's.moment::date + 30', 'price_unit', '-s.total', 'debit', 's.total', 'balance', 's.total',
        'amount_currency', 's.total', 'price_subtotal', '-s.total', 'price_total', '-s.total', 'amount_residual', 'CASE WHEN s.n > 40000 THEN s.total ELSE 0 END',
        'amount_residual_currency', 'CASE WHEN s.n > 40000 THEN s.total ELSE 0 END', 'reconciled', 's.n <= 40000'))
) AS line (place, id, changes);
INSERT INTO account_move_line_account_tax_rel (account_move_line_id, account_tax_id)
    SELECT 1000000 + n * 4 + place, (SELECT account_tax_id FROM account_move_line_account_tax_rel WHERE account_move_line_id = :income)
    FROM bill, generate_series(0, 1) AS place;

SELECT pg_temp.copy_lines('sale_order', format('(SELECT * FROM bill WHERE n <= %s)', :orders), :order, jsonb_build_object(
    'id', '1000000 + s.n', 'name', $$'S' || lpad(s.n::text, 5, '0')$$, 'date_order', 's.moment', 'partner_id', '1000000 + s.customer',
    'partner_invoice_id', '1000000 + s.customer', 'partner_shipping_id', '1000000 + s.customer', 'client_order_ref', $$CASE WHEN s.n % 3 = 0 THEN pg_temp.last_name(s.n) || ' ' || s.n END$$,
    'amount_untaxed', 's.first + s.second', 'amount_tax', 's.tax', 'amount_total', 's.total', 'access_token', 'md5(s.n::text)',
    'create_date', 's.moment', 'write_date', $$s.moment + (pg_temp.mix(s.n, 51) % 900000) * interval '1.000321 second'$$));
SELECT pg_temp.copy_lines('sale_order_line', format('(SELECT * FROM bill WHERE n <= %s)', :orders), :order_line, jsonb_build_object(
    'id', format('1000000 + s.n * 4 + %s', place), 'order_id', '1000000 + s.n', 'order_partner_id', '1000000 + s.customer', 'sequence', (10 + place)::text,
    'name', format($$'[' || pg_temp.mix(s.n, 60 + %1$s) %% 3000 || '] ' || pg_temp.short(s.n * 4 + %1$s, 61)$$, place),
    'product_id', format('1000001 + floor(3000 * pg_temp.skew(s.n, 60 + %s))::int', place), 'product_uom_qty', format('1 + pg_temp.mix(s.n, 62 + %s) %% 12', place),
    'price_unit', format('pg_temp.amount(s.n, 64 + %s)', place), 'price_subtotal', format('pg_temp.amount(s.n, 64 + %s)', place),
    'price_total', format('round(1.25 * pg_temp.amount(s.n, 64 + %s), 2)', place), 'create_date', 's.moment', 'write_date', $$s.moment + interval '3 days'$$))
FROM generate_series(0, 3) AS place;

-- What people and Odoo wrote on invoices, orders and customers.
CREATE TEMPORARY TABLE letter AS
    SELECT n, CASE WHEN n % 5 < 3 THEN 'account.move' WHEN n % 5 = 3 THEN 'sale.order' ELSE 'res.partner' END AS model,
           1000001 + CASE WHEN n % 5 < 3 THEN pg_temp.mix(n, 70) % :invoices WHEN n % 5 = 3 THEN pg_temp.mix(n, 70) % :orders ELSE pg_temp.mix(n, 70) % :customers END AS res_id,
           pg_temp.moment(n, :messages) AS moment, n % 7 < 4 AS note
    FROM generate_series(1, :messages) AS n;
SELECT pg_temp.copy_lines('mail_message', 'letter', :message, jsonb_build_object(
    'id', '1000000 + s.n', 'date', $$date_trunc('second', s.moment)$$, 'model', 's.model', 'res_id', 's.res_id',
    'record_name', $$pg_temp.last_name(s.res_id) || ' ' || s.res_id % 97$$, 'message_type', $$CASE WHEN s.note THEN 'notification' ELSE 'email' END$$,
    'subject', $$CASE WHEN NOT s.note THEN 'Re: ' || pg_temp.short(s.n, 71) END$$, 'is_internal', 's.n % 6 = 0',
    'body', $$CASE WHEN s.note THEN '<p>' || pg_temp.short(s.n % 400, 72) || '</p>' ELSE '<div>Hej ' || pg_temp.first_name(s.n) || ',<br><p style="margin:0px; padding:0px;">'
        || pg_temp.long(s.n, 73) || '.</p><p>' || pg_temp.long(s.n, 75) || '.</p>Med vänlig hälsning<br>' || pg_temp.first_name(s.n + 9) || ' ' || pg_temp.last_name(s.n + 9) || '</div>' END$$,
    'email_from', $$'"' || pg_temp.first_name(s.n) || ' ' || pg_temp.last_name(s.n) || '" <' || lower(pg_temp.first_name(s.n)) || '@norrvik.example>'$$,
    'message_id', $$'<' || pg_temp.mix(s.n, 76) || '.' || extract(epoch from s.moment)::bigint || '.' || pg_temp.mix(s.n, 78) || '-openerp-' || s.res_id || '-' || s.model || '@norrvik>'$$,
    'create_date', 's.moment', 'write_date', 's.moment'));
INSERT INTO mail_tracking_value (field, field_desc, field_type, old_value_char, new_value_char, old_value_integer, new_value_integer, mail_message_id,
                                 tracking_sequence, create_uid, create_date, write_uid, write_date)
    SELECT (SELECT id FROM ir_model_fields WHERE model = s.model AND name = CASE s.model WHEN 'res.partner' THEN 'name' ELSE 'state' END),
           'Status', 'selection', pg_temp.pick('{Utkast,Offert,"Skickad offert"}', s.n, 80), pg_temp.pick('{Bokförd,Försäljningsorder,Annullerad}', s.n, 81),
           NULL, NULL, 1000000 + s.n, 100, 2, s.moment, 2, s.moment
    FROM letter s WHERE note;
INSERT INTO mail_followers (res_model, res_id, partner_id)
    SELECT 'account.move', 1000000 + n, 1000000 + customer FROM bill;
INSERT INTO mail_followers_mail_message_subtype_rel (mail_followers_id, mail_message_subtype_id) SELECT id, 1 FROM mail_followers ON CONFLICT DO NOTHING;
INSERT INTO bus_bus (channel, message, create_uid, create_date, write_uid, write_date)
    SELECT format('["norrvik","res.partner",%s]', 1 + n % 40), format('{"type":"mail.message/insert","id":%s}', 1000000 + n), 1, pg_temp.moment(n, 2000), 1, pg_temp.moment(n, 2000) FROM generate_series(1, 2000) n;
