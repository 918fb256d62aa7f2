/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a notification that objects were put: what is taken from it is within its bounds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct upload_notice *notices;
    int count, ignored;
    struct error err;
    int r = upload_read(arena, (const char *)data, size, &notices, &count, &ignored, &err);
    if (r == 0 && (count < 0 || ignored < 0 || count + ignored > UPLOAD_RECORDS_MAX))
        abort();
    for (int i = 0; r == 0 && i < count; i++) {
        const struct upload_notice *notice = &notices[i];
        size_t bucket = strlen(notice->bucket), key = strlen(notice->key);
        if (!bucket || bucket > 255 || strpbrk(notice->bucket, "/\\ \n") || !key || key > 1024 ||
            !*notice->mark || (notice->version && !*notice->version))
            abort();
    }
    if (r < 0 && err.kind != ERROR_BAD_REQUEST)
        abort();
    arena_free(&arena);
    return 0;
}
