/* SPDX-License-Identifier: Apache-2.0 */
/* Time, always int64_t microseconds. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Since some fixed point; never goes back. For durations. */
int64_t clock_monotonic_us(void);

/* Since 1970 in UTC. SOURCE_DATE_EPOCH (seconds) in the environment stops this clock there, as
 * reproducible builds do it, so that names with dates are the same in two runs. */
int64_t clock_wall_us(void);

/* Since 1970 in UTC, whatever the environment says: for protocols that compare clocks. */
int64_t clock_true_us(void);

/* strftime() in UTC; returns out. */
char *clock_format(int64_t wall_us, const char *fmt, char out[64]);

/* "2026-03-01T12:00:00.123", to which the caller adds the zone; returns out. */
char *clock_format_ms(int64_t wall_us, char out[64]);

#endif
