/*
 * One login through PAM.
 */
#ifndef AUTH_PAM_H
#define AUTH_PAM_H

#include "lib/message.h"

/*
 * Ask PAM about q: authentication and account management, with PAM_RHOST the
 * client's address.  confdir "" means the system's.  LOGIN_YES: user holds
 * PAM_USER as the modules left it.  LOGIN_NO: a refusal, an expired password
 * too.  LOGIN_ERROR: PAM could not decide (logged).  May wait as long as the
 * modules like; never sleeps for a failure.
 */
enum login_verdict pam_login(const char *confdir,
	    const struct login_question *q, char user[MESSAGE_USER_SIZE]);

#endif
