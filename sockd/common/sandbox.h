/*
 * What a process may ask of the kernel once it is ready: a table by kind.
 *
 * A build without libseccomp has no filter; nor has one with sanitizers,
 * whose reports open files.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include "board.h"

/*
 * Compile the filter of this kind, once; forks inherit it.  A process that
 * forks many of one kind calls this first: it takes a few milliseconds.
 * 0; -1 and errno.
 */
int	sandbox_prepare(enum process_kind kind);

/*
 * Enter the filter of this kind, for good.  0, also where seccomp is not
 * built in or the kind has none (auth, master); -1 after a logged error.  A
 * call outside the table ends in EPERM for what is harmless and in death by
 * SIGSYS for open, fork, exec, kill and the like.  Sets no_new_privs.
 */
int	sandbox_enter(enum process_kind kind);

#endif
