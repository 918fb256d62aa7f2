/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a job: read, changed, checked, and what is found printed. */
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "job/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_release) struct text out = {0};
    const char *text = (const char *)data;
    struct findings findings;
    struct error err;
    findings_init(&findings, arena);
    struct json *root = job_read(arena, text, size, &findings);
    if (root && job_new(arena, root, 0, &findings) &&
        job_set_destination(arena, root, "s3://b/p", &err) == 0)
        (void)job_new(arena, root, JOB_LOCAL_FILES, &findings);
    findings_print(&findings, "fuzz", text, size, &out);
    return 0;
}
