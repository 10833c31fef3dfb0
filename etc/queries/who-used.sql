-- Who used this address and port at that time?
--
-- An abuse report names an address and port of ours and a time (give it with
-- its zone; sockd stores UTC).  Half a minute on both sides allows for a
-- clock that is off.
--
--	sqlite3 -box /var/lib/sockd/sockd.db \
--	    -cmd ".parameter set :addr '''203.0.113.5'''" \
--	    -cmd ".parameter set :port 40312" \
--	    -cmd ".parameter set :time '''2026-03-01 12:00:00+01:00'''" \
--	    < who-used.sql

SELECT	id, principal, user,
	client_addr, client_port,
	target_host, target_addr, target_port,
	datetime(started, 'unixepoch') AS started_utc,
	datetime(ended, 'unixepoch') AS ended_utc,
	bytes_up, bytes_down, outcome
FROM	session
WHERE	source_addr = :addr
AND	source_port = :port
AND	started <= strftime('%s', :time) + 30
AND	(ended IS NULL OR ended >= strftime('%s', :time) - 30)
ORDER BY started;
