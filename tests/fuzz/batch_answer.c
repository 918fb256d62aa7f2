/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a function answers: a task always has an outcome, whose message can stand in a
 * report. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "batch/lambda.h"
#include "batch/report.h"
#include "batch/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct batch_task task = {
        .batch = "b", .entry = {"in", "k", NULL}, .id = "t", .invocation = "i", .schema = "1.0"};
    for (int failed = 0; failed < 2; failed++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_release) struct text row = {0};
        struct task_outcome outcome;
        lambda_judge(arena, &task, failed, (const char *)data, size, &outcome);
        struct batch_result result = task_result(7, &outcome);
        if (strlen(result.message) > LAMBDA_MESSAGE_MAX || (failed && result.succeeded) ||
            result.succeeded != !*result.code)
            abort();
        report_row(&row, &task.entry, &result);
        if (row.data[row.size - 1] != '\n')
            abort();
    }
    return 0;
}
