/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/memory.h"

#include <stdlib.h>

#include <libavutil/error.h>

int memory_reason(int r, size_t bytes)
{
    if (r != AVERROR_EXTERNAL && r != AVERROR(EAGAIN))
        return r;
    void *volatile block = malloc(bytes); // or the compiler knows better
    free(block);
    return block ? r : AVERROR(ENOMEM);
}

enum error_kind memory_kind(int r, enum error_kind kind)
{
    return r == AVERROR(ENOMEM) ? ERROR_UNKNOWN : kind;
}
