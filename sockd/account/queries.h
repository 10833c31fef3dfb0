/*
 * What the accountant asks of SQLite, by name.
 */
#ifndef ACCOUNT_QUERIES_H
#define ACCOUNT_QUERIES_H

enum query_kind { BEGIN, COMMIT, SWEPT, PUT, REPEATS, PUT_UDP, ADD_USAGE,
		 SEEN, LIVE, LOSE, EXPIRE_UDP, EXPIRE, EXPIRE_REFUSED,
		 USED, PRINCIPALS, CLEAR_CAPS, PUT_CAP, PUT_HOLDER,
		 DROP_HOLDER, DATA_VERSION,
		 N_QUERIES };

extern const char *const queries[N_QUERIES];

#endif
