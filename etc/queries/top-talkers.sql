-- The 20 who moved most in the last 7 days, today included, in GB (10^9).
--
--	sqlite3 -box /var/lib/sockd/sockd.db < top-talkers.sql

SELECT	principal,
	round(sum(bytes_up) / 1e9, 3) AS up_gb,
	round(sum(bytes_down) / 1e9, 3) AS down_gb,
	round(sum(seconds) / 3600.0, 1) AS hours,
	sum(sessions) AS sessions
FROM	usage
WHERE	day > date('now', 'localtime', '-7 days')
GROUP BY principal
ORDER BY sum(bytes_up) + sum(bytes_down) DESC
LIMIT	20;
