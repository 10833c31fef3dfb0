/*
 * udp dropped id=... foreign=0 malformed=2 fragment=0 blocked=5 unresolved=0
 *     stranger=1 unsent=0
 *
 * on one line.  The worker that has the association writes it, or the
 * accountant for one that ended in a keeper.
 */
#include "drops.h"

#include "log.h"

void
drops_log(uint64_t id, const uint32_t drops[N_UDP_DROPS])
{
	uint32_t any = 0;

	for (int i = 0; i < N_UDP_DROPS; i++)
		any |= drops[i];
	if (any == 0)
		return;
	log_info("udp dropped id=%llu foreign=%u malformed=%u fragment=%u "
	    "blocked=%u unresolved=%u stranger=%u unsent=%u",
	    (unsigned long long)id, drops[UDP_FOREIGN], drops[UDP_MALFORMED],
	    drops[UDP_FRAGMENT], drops[UDP_BLOCKED], drops[UDP_UNRESOLVED],
	    drops[UDP_STRANGER], drops[UDP_UNSENT]);
}
