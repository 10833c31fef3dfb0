/*
 * The account behind a login, as NSS knows it: its spelling and its groups.
 * Runs in the auth helpers, after PAM's yes.
 */
#include "groups.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "lib/quote.h"
#include "lib/text.h"
#include "sockd/common/log.h"

void
groups_look_up(struct login_answer *a)
{
	const struct passwd *pw = getpwnam(a->user);
	int n = MESSAGE_GROUPS_MAX;
	char quoted[96];

	a->n_gids = 0;
	if (pw == NULL)
		return;
	if (strlen(pw->pw_name) < sizeof(a->user))
		text_copy(a->user, sizeof(a->user), pw->pw_name);
	if (getgrouplist(a->user, pw->pw_gid, a->gids, &n) == -1) {
		log_warning("groups cut user=%s groups=%d kept=%d",
		    quote_text(quoted, sizeof(quoted), a->user), n,
		    MESSAGE_GROUPS_MAX);
		n = MESSAGE_GROUPS_MAX;
	}
	a->n_gids = n > 0 ? (size_t)n : 0;
}
