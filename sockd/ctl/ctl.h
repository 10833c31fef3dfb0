/*
 * The commands of sockctl(8), and what they share.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>

#include "sockd/common/board.h"
#include "sockd/common/conf.h"

enum ctl_exit { CTL_OK, CTL_NO, CTL_USAGE };	/* the program's status */

/*
 * A command takes the words after its name.  CTL_USAGE: they are wrong, and
 * it has said why.
 */
typedef enum ctl_exit ctl_command_fn(const struct conf *conf, int argc,
	    char *argv[]);

ctl_command_fn ctl_cut, ctl_explain, ctl_live, ctl_quota, ctl_status;

/* Map the board, of the daemon that runs or of the last run; false with a
 * word on stderr. */
bool	ctl_open_board(const struct conf *conf, struct board *b,
	    bool writable);

/*
 * Does a sockd run that the board belongs to?  If not, stderr says that the
 * board is what the last run left.  One whose lock cannot be looked at runs.
 */
bool	ctl_sockd_runs(const struct conf *conf);

/* Room for a name of the ledger, whose odd octets stand there as \xNN. */
enum { CTL_TEXT_MAX = 4 * BOARD_USER_SIZE };

/*
 * Copy UTF-8 text into buf of size octets, for a terminal: '?' stands for
 * each control octet.  Whoever wrote it is not to command the terminal.
 */
const char *ctl_text(const char *text, char *buf, size_t size);
/* "812 B", "40.2 kB", "1.93 GB". */
const char *ctl_size(uint64_t octets, char buf[UNITS_TEXT_MAX]);
/* "9:03:21" */
const char *ctl_lasted(uint64_t seconds, char buf[UNITS_TEXT_MAX]);

#endif
