/* SPDX-License-Identifier: Apache-2.0 */
#include "status/state.h"

#include "base/macros.h"

const char *const job_status_names[JOB_STATUSES] = {
    [JOB_SUBMITTED] = "SUBMITTED", [JOB_PROGRESSING] = "PROGRESSING",
    [JOB_COMPLETE] = "COMPLETE",   [JOB_CANCELED] = "CANCELED",
    [JOB_ERROR] = "ERROR",
};

const char *const job_phase_names[] = {
    [PHASE_PROBING] = "PROBING",
    [PHASE_TRANSCODING] = "TRANSCODING",
    [PHASE_UPLOADING] = "UPLOADING",
};

static const struct {
    enum job_status from, to;
} transitions[] = {
    {JOB_SUBMITTED, JOB_PROGRESSING}, {JOB_SUBMITTED, JOB_CANCELED},
    {JOB_PROGRESSING, JOB_COMPLETE},  {JOB_PROGRESSING, JOB_ERROR},
    {JOB_PROGRESSING, JOB_CANCELED},  {JOB_PROGRESSING, JOB_SUBMITTED}, // its process was lost
};

bool job_status_may_follow(enum job_status from, enum job_status to)
{
    for (size_t i = 0; i < COUNT(transitions); i++)
        if (transitions[i].from == from && transitions[i].to == to)
            return true;
    return false;
}

bool job_status_is_final(enum job_status status)
{
    return status == JOB_COMPLETE || status == JOB_CANCELED || status == JOB_ERROR;
}
