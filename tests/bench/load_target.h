/*
 * Targets: what the tunnels lead to, in processes of their own, on free ports
 * of loopback.
 */
#ifndef BENCH_LOAD_TARGET_H
#define BENCH_LOAD_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* The payload of a short session: asked, and answered. */
enum { PAYLOAD_SIZE = 64 };

/* Each connection is served by a process of its own; returns the port. */
uint16_t target_each(void (*serve)(int fd, void *arg), void *arg);

/*
 * Takes PAYLOAD_SIZE octets, answers as many and closes: a short session.
 * Also on ::1 where there is one, at the same port.
 */
uint16_t target_answer(void);

/*
 * Echoes whatever comes, so many connections at once, in as few processes as
 * RLIMIT_NOFILE allows.
 */
uint16_t target_echo(unsigned connections);

/* How many of so many connections one process can hold. */
unsigned target_share(unsigned connections);

#endif
