/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

/* Whether the environment stops the clock; anything but a number of seconds does not. */
static int stopped_at(int64_t *ret_us)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    if (!text || !*text)
        return 0;
    char *end;
    errno = 0;
    long long seconds = strtoll(text, &end, 10);
    if (*end || errno || seconds < 0 || seconds > INT64_MAX / 1000000)
        return 0;
    *ret_us = (int64_t)seconds * 1000000;
    return 1;
}

int64_t clock_true_us(void)
{
    return now_us(CLOCK_REALTIME);
}

int64_t clock_wall_us(void)
{
    int64_t us;
    return stopped_at(&us) ? us : clock_true_us();
}

char *clock_format(int64_t wall_us, const char *fmt, char out[64])
{
    int64_t seconds = wall_us / 1000000 - (wall_us % 1000000 < 0);
    time_t t = (time_t)seconds;
    struct tm tm;
    out[0] = '\0';
    if (gmtime_r(&t, &tm) && !strftime(out, 64, fmt, &tm))
        out[0] = '\0'; // did not fit
    return out;
}

char *clock_format_ms(int64_t wall_us, char out[64])
{
    char seconds[64];
    snprintf(out, 64, "%.32s.%03d", clock_format(wall_us, "%Y-%m-%dT%H:%M:%S", seconds),
             (int)(wall_us / 1000 % 1000));
    return out;
}
