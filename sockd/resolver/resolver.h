/*
 * The resolvers' front door.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

struct process;

/*
 * Be the parent of the resolvers until the lifeline or the generation ends;
 * never returns.
 */
_Noreturn void resolver_main(struct process *p);

#endif
