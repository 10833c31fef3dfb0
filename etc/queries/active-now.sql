-- Who is connected now, the busiest first.
--
--	sqlite3 -box /var/lib/sockd/sockd.db < active-now.sql

SELECT	principal,
	count(*) AS sessions,
	count(DISTINCT client_addr) AS addresses,
	sum(bytes_up) AS up,
	sum(bytes_down) AS down,
	datetime(min(started), 'unixepoch', 'localtime') AS since
FROM	session
WHERE	ended IS NULL
GROUP BY principal
ORDER BY up + down DESC;
