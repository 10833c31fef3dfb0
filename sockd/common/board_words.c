/*
 * The words for what stands on the board.
 */
#include "board.h"

const char *
outcome_name(enum outcome outcome)
{
	static const char *const names[N_OUTCOMES] = {
		[OUTCOME_NONE] = "none",
		[OUTCOME_CLIENT_CLOSED] = "client-closed",
		[OUTCOME_TARGET_CLOSED] = "target-closed",
		[OUTCOME_RESET] = "reset",
		[OUTCOME_IDLE] = "idle",
		[OUTCOME_QUOTA] = "quota",
		[OUTCOME_CUT] = "cut",
		[OUTCOME_TIMEOUT] = "timeout",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_UNRESOLVED] = "unresolved",
		[OUTCOME_BLOCKED] = "blocked",
		[OUTCOME_AUTH_FAILED] = "auth-failed",
		[OUTCOME_BAD_REQUEST] = "bad-request",
		[OUTCOME_LIMIT] = "limit",
		[OUTCOME_STOPPED] = "stopped",
		[OUTCOME_LOST] = "lost",
		[OUTCOME_ERROR] = "error",
	};

	return (unsigned)outcome < N_OUTCOMES ? names[outcome] : "error";
}

const char *
process_kind_name(enum process_kind kind)
{
	static const char *const names[N_PROCESS_KINDS] = {
		[PROCESS_NONE] = "none",
		[PROCESS_MASTER] = "master",
		[PROCESS_WORKER] = "worker",
		[PROCESS_KEEPER] = "keeper",
		[PROCESS_AUTH] = "auth",
		[PROCESS_RESOLVER] = "resolver",
		[PROCESS_ACCOUNT] = "account",
	};

	return (unsigned)kind < N_PROCESS_KINDS ? names[kind] : "none";
}
