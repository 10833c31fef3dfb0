/*
 * A rate held by GCRA on one atomic word: the tick at which the next octet is
 * due.  Any number of processes may take from one bucket; there is no lock,
 * and nothing to repair when one dies.
 *
 * A zeroed bucket is a full one.  The long run is exact: over any time in
 * which somebody always wants more, what was granted is what the rate allows,
 * to the octet, and the burst once.
 */
#ifndef LIB_BUCKET_H
#define LIB_BUCKET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct bucket {
	_Atomic uint64_t	tat;	/* in ticks of 1/4 ns; 0: fresh */
};

/*
 * Take at most want octets now.  rate is in octets a second; 0 means no limit
 * and grants want.  now_ns is a monotonic clock's, below 73 years; burst_ns,
 * at most 18 minutes, is the time whose octets may have been saved up.
 *
 * Returns the octets granted, which count as taken (bucket_return() gives
 * back).  Less than want is a grant too, but never less than a quarter of the
 * burst (or one octet): until so much is there, or want if that is less, the
 * answer is 0, and *wait_ns says after how many ns it no longer is, if nobody
 * else comes first.  *wait_ns is 0 with a grant.
 *
 * With burst_ns 0 one octet is granted whenever one is due.  A clock that
 * went back costs a wait of at most burst_ns and 2 s.  Beyond 32 Gbit/s each
 * take may be charged with a few octets too many.  Never blocks.
 */
size_t	bucket_take(struct bucket *b, uint64_t rate, uint64_t now_ns,
	    uint64_t burst_ns, size_t want, uint64_t *wait_ns);

/*
 * Give back octets that were taken at this rate and not used; with rate 0
 * nothing was taken.
 */
void	bucket_return(struct bucket *b, uint64_t rate, size_t octets);

#endif
