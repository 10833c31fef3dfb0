-- Who was turned away in the last 24 hours, and why.  repeats counts what
-- came from one address beyond ten rows a minute.  Sessions that were granted
-- and cut later (by hours, a reload, a quota) were not turned away.
--
--	sqlite3 -box /var/lib/sockd/sockd.db < refused.sql

SELECT	outcome,
	client_addr,
	user,
	coalesce(target_host, target_addr) AS target,
	target_port,
	rule,
	sum(1 + coalesce(repeats, 0)) AS times,
	datetime(max(started), 'unixepoch', 'localtime') AS last
FROM	session
WHERE	started > strftime('%s', 'now', '-1 day') + 0
AND	ended IS NOT NULL AND reply IS NOT 0
AND	outcome IN ('blocked', 'auth-failed', 'bad-request', 'limit', 'quota')
GROUP BY outcome, client_addr, user, target, target_port, rule
ORDER BY times DESC
LIMIT	100;
