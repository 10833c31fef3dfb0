/*
 * The resolvers' front door.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

struct process;

/*
 * Be the parent of the resolvers until the lifeline or the generation ends.
 * The master forks, calls, and exits.
 */
void	resolver_main(struct process *p);

#endif
