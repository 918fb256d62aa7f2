/* SPDX-License-Identifier: Apache-2.0 */
#include "base/macros.h"
#include "status/batch.h"

const char *const batch_status_names[BATCH_STATUSES] = {
#define X(constant, name) [constant] = name,
    BATCH_STATUS_MAP(X)
#undef X
};

const char *const batch_manifest_formats[] = {
    [BATCH_MANIFEST_CSV] = "S3BatchOperations_CSV_20180820",
    [BATCH_MANIFEST_INVENTORY] = "S3InventoryReport_CSV_20161130",
    NULL,
};

const char *const batch_report_scopes[] = {
    [BATCH_REPORT_ALL_TASKS] = "AllTasks",
    [BATCH_REPORT_FAILED_TASKS_ONLY] = "FailedTasksOnly",
    NULL,
};

static const struct {
    enum batch_status from, to;
} transitions[] = {
    {BATCH_NEW, BATCH_PREPARING},        {BATCH_PREPARING, BATCH_SUSPENDED},
    {BATCH_PREPARING, BATCH_READY},      {BATCH_SUSPENDED, BATCH_READY},
    {BATCH_READY, BATCH_ACTIVE},         {BATCH_ACTIVE, BATCH_PAUSING},
    {BATCH_PAUSING, BATCH_PAUSED},       {BATCH_PAUSED, BATCH_ACTIVE},
    {BATCH_ACTIVE, BATCH_COMPLETING},    {BATCH_COMPLETING, BATCH_COMPLETE},
    {BATCH_CANCELLING, BATCH_CANCELLED}, {BATCH_FAILING, BATCH_FAILED},
};

/* Whatever has not ended may be cancelled, or fail, but for what is ending so already. */
static bool may_end_early(enum batch_status from)
{
    return !batch_status_is_final(from) && from != BATCH_CANCELLING && from != BATCH_FAILING;
}

bool batch_status_may_follow(enum batch_status from, enum batch_status to)
{
    if (to == BATCH_CANCELLING || to == BATCH_FAILING)
        return may_end_early(from);
    for (size_t i = 0; i < COUNT(transitions); i++)
        if (transitions[i].from == from && transitions[i].to == to)
            return true;
    return false;
}

bool batch_status_is_final(enum batch_status status)
{
    return status == BATCH_COMPLETE || status == BATCH_CANCELLED || status == BATCH_FAILED;
}
