/*
 * The log line of a session's end.
 */
#ifndef ACCOUNT_END_LINE_H
#define ACCOUNT_END_LINE_H

#include "row.h"

/* At level info, unless the rule that granted it says log = false. */
void	end_line_log(const struct row *row);

#endif
