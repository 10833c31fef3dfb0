-- Who used this address and port at that time?
--
-- An abuse report names an address and port of ours and a time (give it with
-- its zone; sockd stores UTC).  IPv6 is written in small letters and as short
-- as can be, '2001:db8::5'.  Half a minute on both sides allows for a clock
-- that is off.
--
--	sqlite3 -box /var/lib/sockd/sockd.db \
--	    -cmd ".parameter set :addr \"'203.0.113.5'\"" \
--	    -cmd ".parameter set :port 40312" \
--	    -cmd ".parameter set :time \"'2026-03-01 12:00:00+01:00'\"" \
--	    < who-used.sql

-- A session's id is the time at which it began, in microseconds.  So those
-- that had begun within the hour are a range of ids, a day longer than that
-- because ids go on where the clock is set back; those that lasted longer, and
-- those that still live, have an index each.  An association may send from
-- several addresses and ports: udp_target has them.  The + keeps SQLite to the
-- ids: else it makes an index of all ports, at each question.

WITH asked AS (SELECT CAST(strftime('%s', :time) AS INTEGER) AS at),
found AS (
	SELECT	id FROM session, asked
	WHERE	id BETWEEN (at - 3600 - 60) * 1000000 AND (at + 86400) * 1000000
	AND	+source_port = :port
	UNION
	SELECT	session FROM udp_target, asked
	WHERE	session BETWEEN (at - 3600 - 60) * 1000000
		AND (at + 86400) * 1000000
	AND	source_port = :port
	UNION
	SELECT	id FROM session, asked
	WHERE	ended - started > 3600 AND started <= at + 30
	AND	(source_port = :port OR command = 'udp')
	UNION
	SELECT	id FROM session WHERE ended IS NULL)
SELECT	id, principal, user,
	client_addr, client_port,
	target_host, target_addr, target_port,
	datetime(started, 'unixepoch') AS started_utc,
	datetime(ended, 'unixepoch') AS ended_utc,
	bytes_up, bytes_down, outcome
FROM	session, asked
WHERE	id IN (SELECT id FROM found)
AND	(source_addr = :addr AND source_port = :port
	OR EXISTS (SELECT 1 FROM udp_target AS u WHERE u.session = id
		AND u.source_addr = :addr AND u.source_port = :port))
AND	started <= at + 30
AND	(ended IS NULL OR ended >= at - 30)
ORDER BY started;
