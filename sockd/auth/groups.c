/*
 * The account behind a login, as NSS knows it: its spelling and its groups.
 * Runs in the auth helpers, after PAM's yes.
 */
#include "groups.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "lib/quote.h"
#include "lib/text.h"
#include "sockd/common/log.h"

enum { QUOTED_SIZE = 96 };

/* What getpwnam(3) leaves in errno for a name that nobody has. */
static bool
says_unknown(int why)
{
	return why == 0 || why == ENOENT || why == ESRCH || why == EBADF ||
	    why == EPERM;
}

static bool
fail(const struct login_answer *a, int why)
{
	char quoted[QUOTED_SIZE];

	log_err("groups unknown user=%s why=\"%s\"",
	    quote_text(quoted, sizeof(quoted), a->user), strerror(why));
	return false;
}

static bool
list_groups(struct login_answer *a, gid_t primary)
{
	int n = MESSAGE_GROUPS_MAX;
	char quoted[QUOTED_SIZE];

	if (getgrouplist(a->user, primary, a->gids, &n) == -1) {
		if (n <= MESSAGE_GROUPS_MAX)
			return fail(a, errno);
		log_warning("groups cut user=%s groups=%d kept=%d",
		    quote_text(quoted, sizeof(quoted), a->user), n,
		    MESSAGE_GROUPS_MAX);
		n = MESSAGE_GROUPS_MAX;
	}
	a->n_gids = n > 0 ? (size_t)n : 0;
	return true;
}

bool
groups_look_up(struct login_answer *a)
{
	const struct passwd *pw;

	a->n_gids = 0;
	errno = 0;
	pw = getpwnam(a->user);
	if (pw == NULL)
		return says_unknown(errno) || fail(a, errno);
	if (strlen(pw->pw_name) < sizeof(a->user))
		text_copy(a->user, sizeof(a->user), pw->pw_name);
	return list_groups(a, pw->pw_gid);
}
