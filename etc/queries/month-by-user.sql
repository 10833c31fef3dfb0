-- One line for each user and month, for the bill.  Unmetered octets (rules
-- with metered = false) stand apart.
--
--	sqlite3 -csv -header /var/lib/sockd/sockd.db < month-by-user.sql

SELECT	substr(day, 1, 7) AS month,
	principal,
	sum(CASE WHEN metered THEN bytes_up ELSE 0 END) AS up,
	sum(CASE WHEN metered THEN bytes_down ELSE 0 END) AS down,
	sum(CASE WHEN metered THEN 0 ELSE bytes_up + bytes_down END)
	    AS unmetered,
	sum(seconds) AS seconds,
	sum(sessions) AS sessions
FROM	usage
GROUP BY month, principal
ORDER BY month, up + down DESC;
