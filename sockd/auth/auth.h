/*
 * The auth family's front door.
 */
#ifndef AUTH_H
#define AUTH_H

struct process;

/*
 * Be the parent of the auth helpers until the lifeline or the generation
 * ends.  The master forks, calls, and exits.
 */
void	auth_main(struct process *p);

#endif
