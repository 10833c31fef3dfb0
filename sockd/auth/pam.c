/*
 * One conversation with PAM, in an auth helper.
 *
 * The modules see what they see from any daemon with a terminal-less client:
 * service, user, PAM_RHOST, PAM_TTY "sockd", and a conversation that answers
 * a prompt without echo with the password and one with echo with the name.
 * Nothing else is ever asked of the client, so a password that must be
 * changed is a refusal.  Failure delays are taken from the modules: who
 * failed waits outside, for pam.fail_delay.
 */
#include "config.h"

#include "pam.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quote.h"
#include "lib/text.h"
#include "sockd/common/log.h"

enum { QUOTED_MAX = 320 };

/* ---- the conversation ---- */

static void
free_responses(struct pam_response *responses, int n)
{
	for (int i = 0; i < n; i++) {
		if (responses[i].resp == NULL)
			continue;
		explicit_bzero(responses[i].resp, strlen(responses[i].resp));
		free(responses[i].resp);
	}
	free(responses);
}

static void
hear(const struct login_question *q, const char *text)
{
	char user[QUOTED_MAX], said[QUOTED_MAX];

	if (!log_is_on(LOG_DEBUG))
		return;
	log_debug("pam says service=%s user=%s text=%s", q->service,
	    quote_text(user, sizeof(user), q->user),
	    quote_text(said, sizeof(said), text != NULL ? text : ""));
}

static int
respond(const struct pam_message *msg, const struct login_question *q,
    char **resp)
{
	switch (msg->msg_style) {
	case PAM_PROMPT_ECHO_OFF:
		*resp = strdup(q->password);
		return *resp != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
	case PAM_PROMPT_ECHO_ON:
		*resp = strdup(q->user);
		return *resp != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
	case PAM_ERROR_MSG:
	case PAM_TEXT_INFO:
		hear(q, msg->msg);
		return PAM_SUCCESS;
	default:
		return PAM_CONV_ERR;
	}
}

static int
converse(int n, const struct pam_message **msgs, struct pam_response **out,
    void *question)
{
	const struct login_question *q = question;
	struct pam_response *responses;
	int rc;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	responses = calloc((size_t)n, sizeof(*responses));
	if (responses == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		rc = respond(msgs[i], q, &responses[i].resp);
		if (rc != PAM_SUCCESS) {
			free_responses(responses, n);
			return rc;
		}
	}
	*out = responses;		/* the module frees them */
	return PAM_SUCCESS;
}

/* PAM would sleep here, up to some seconds and at random. */
static void
do_not_delay(int rc, unsigned usec, void *question)
{
	(void)rc;
	(void)usec;
	(void)question;
}

/* ---- what came of it ---- */

static enum login_verdict
verdict_of(int rc)
{
	switch (rc) {
	case PAM_SUCCESS:
		return LOGIN_YES;
	case PAM_ABORT:
	case PAM_AUTHINFO_UNAVAIL:
	case PAM_BUF_ERR:
	case PAM_CONV_ERR:
	case PAM_MODULE_UNKNOWN:
	case PAM_NO_MODULE_DATA:
	case PAM_OPEN_ERR:
	case PAM_SERVICE_ERR:
	case PAM_SYMBOL_ERR:
	case PAM_SYSTEM_ERR:
		return LOGIN_ERROR;
	default:
		return LOGIN_NO;
	}
}

/* The plain refusal is told by the worker, which knows the client's port. */
static void
tell(pam_handle_t *pamh, const struct login_question *q, int rc)
{
	char user[QUOTED_MAX];

	quote_text(user, sizeof(user), q->user);
	if (verdict_of(rc) == LOGIN_ERROR)
		log_err("pam failed service=%s user=%s why=\"%s\"",
		    q->service, user, pam_strerror(pamh, rc));
	else if (rc == PAM_NEW_AUTHTOK_REQD || rc == PAM_ACCT_EXPIRED)
		log_info("pam refused service=%s user=%s why=%s",
		    q->service, user, rc == PAM_NEW_AUTHTOK_REQD ?
		    "password-expired" : "account-expired");
	else
		log_debug("pam refused service=%s user=%s why=\"%s\"",
		    q->service, user, pam_strerror(pamh, rc));
}

/* A name with which somebody would be counted as an address is none. */
static bool
is_fit(const char *user)
{
	return user != NULL && user[0] != '\0' &&
	    strlen(user) < MESSAGE_USER_SIZE && strncmp(user, "ip:", 3) != 0;
}

static int
take_user(pam_handle_t *pamh, char user[MESSAGE_USER_SIZE])
{
	const void *item = NULL;
	int rc = pam_get_item(pamh, PAM_USER, &item);

	if (rc != PAM_SUCCESS)
		return rc;
	if (!is_fit(item))
		return PAM_USER_UNKNOWN;
	text_copy(user, MESSAGE_USER_SIZE, (const char *)item);
	return PAM_SUCCESS;
}

/* ---- the steps ---- */

static int
set_items(pam_handle_t *pamh, const struct login_question *q)
{
	void (*delay)(int, unsigned, void *) = do_not_delay;
	char client[ADDR_TEXT_MAX];
	int rc;

	rc = pam_set_item(pamh, PAM_RHOST, addr_format(&q->client, client));
	if (rc != PAM_SUCCESS)
		return rc;
	rc = pam_set_item(pamh, PAM_TTY, "sockd");
	if (rc != PAM_SUCCESS)
		return rc;
	return pam_set_item(pamh, PAM_FAIL_DELAY, (const void *)delay);
}

static int
ask(pam_handle_t *pamh, const struct login_question *q,
    char user[MESSAGE_USER_SIZE])
{
	int rc = set_items(pamh, q);

	if (rc == PAM_SUCCESS)
		rc = pam_authenticate(pamh,
		    PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (rc == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh,
		    PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (rc == PAM_SUCCESS)
		rc = take_user(pamh, user);
	return rc;
}

static int
begin(const char *confdir, const struct login_question *q,
    const struct pam_conv *conv, pam_handle_t **pamh)
{
	if (confdir[0] == '\0')
		return pam_start(q->service, q->user, conv, pamh);
#ifdef HAVE_PAM_START_CONFDIR
	return pam_start_confdir(q->service, q->user, conv, confdir, pamh);
#else
	return PAM_SYSTEM_ERR;	/* never another directory's service */
#endif
}

enum login_verdict
pam_login(const char *confdir, const struct login_question *q,
    char user[MESSAGE_USER_SIZE])
{
	struct login_question mine = *q;	/* pam_conv knows no const */
	const struct pam_conv conv = { converse, &mine };
	pam_handle_t *pamh = NULL;
	int rc = PAM_USER_UNKNOWN;

	if (is_fit(q->user)) {
		rc = begin(confdir, &mine, &conv, &pamh);
		if (rc == PAM_SUCCESS)
			rc = ask(pamh, &mine, user);
	}
	if (rc != PAM_SUCCESS)
		tell(pamh, &mine, rc);
	if (pamh != NULL)
		pam_end(pamh, rc);
	explicit_bzero(&mine, sizeof(mine));
	return verdict_of(rc);
}
