-- Gives the backups of one Odoo database a role of their own, which reads and can do nothing else.
--
-- As PostgreSQL's administrator, once for each database (again does no harm, and mends what an upgrade has left out):
--     python3 -I /opt/linserv/agent.pyz show linserv_backup/backup_role.sql | sudo -u postgres psql -X -d DATABASE
--
-- The role has no password. Let the agent's account in as this role in pg_hba.conf (docs/backup-hosts.md), and name it
-- in /etc/linserv/agent.json: "backup_user": "linserv_backup".
\set ON_ERROR_STOP on
BEGIN;
DO $$
DECLARE
    space name;
    maker name;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'linserv_backup') THEN
        CREATE ROLE linserv_backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 10;
    END IF;
    ALTER ROLE linserv_backup SET default_transaction_read_only = on;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO linserv_backup', current_database());
    FOR space IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO linserv_backup', space);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO linserv_backup', space);
        EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO linserv_backup', space);
    END LOOP;
    -- Whoever makes tables here today makes those of tomorrow's modules too.
    FOR maker IN SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
        WHERE relkind IN ('r', 'p', 'm') AND relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT ON TABLES TO linserv_backup', maker);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT ON SEQUENCES TO linserv_backup', maker);
    END LOOP;
END
$$;

-- A role that only reads may not lock. This one lock keeps Odoo from removing files while they are copied; it lets
-- everybody read and write, and it is never waited for longer than 2 seconds.
CREATE OR REPLACE FUNCTION public.linserv_hold_attachments() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
    AS $$ BEGIN LOCK TABLE public.ir_attachment IN SHARE UPDATE EXCLUSIVE MODE; END $$;
DO $$
DECLARE
    keeper name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.ir_attachment'::regclass);
BEGIN
    EXECUTE format('ALTER FUNCTION public.linserv_hold_attachments() OWNER TO %I', keeper);
END
$$;
REVOKE ALL ON FUNCTION public.linserv_hold_attachments() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.linserv_hold_attachments() TO linserv_backup;
COMMIT;
