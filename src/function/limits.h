/* SPDX-License-Identifier: Apache-2.0 */
/* Lambda's limits, and ours. */
#ifndef FUNCTION_LIMITS_H
#define FUNCTION_LIMITS_H

enum {
    FUNCTION_ZIP_MAX = 50 << 20,       /* bytes */
    FUNCTION_UNZIPPED_MAX = 250 << 20, /* bytes */
    FUNCTION_PAYLOAD_MAX = 6291556,    /* bytes, of an event and of a response */
    FUNCTION_LOG_TAIL_MAX = 4096,      /* bytes */
    FUNCTION_ENVIRONMENT_MAX = 4096,   /* bytes of names and values of a function's own */
    FUNCTION_TIMEOUT_DEFAULT_S = 3,
    FUNCTION_TIMEOUT_MAX_S = 900,
    FUNCTION_INIT_MAX_S = 10, /* before the time-out begins to count */
    FUNCTION_MEMORY_DEFAULT_MIB = 128,
    FUNCTION_MEMORY_MAX_MIB = 10240,
    FUNCTION_CONCURRENT_DEFAULT = 32, /* processes */
    FUNCTION_CONCURRENT_MAX = 1000,
    FUNCTION_IDLE_S = 600, /* so long a process stays without invocations */
};

#endif
