/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a job, template, preset or queue: read, changed, checked, and what is found
 * printed. The seeds have every member of the model. */
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

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
    const struct structure *stored = root ? job_stored_request(root) : NULL;
    if (stored)
        job_check_stored(arena, stored, root, &findings);
    findings_print(&findings, "fuzz", text, size, &out);
    cJSON_Delete(findings_json(&findings, text, size));
    return 0;
}
