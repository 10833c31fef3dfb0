/*
 * The auth family's front door.
 */
#ifndef AUTH_H
#define AUTH_H

struct process;

/*
 * Be the parent of the auth helpers until the lifeline or the generation
 * ends; never returns.
 */
_Noreturn void auth_main(struct process *p);

#endif
