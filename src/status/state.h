/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a MediaConvert job, and which may follow which.
 *
 *   SUBMITTED ──► PROGRESSING ──► COMPLETE
 *       │  ▲           ├────────► ERROR
 *       │  └───────────┤          (an attempt that was lost with its process is queued again)
 *       └──────────────┴────────► CANCELED
 */
#ifndef STATUS_STATE_H
#define STATUS_STATE_H

#include <stdbool.h>

enum job_status { JOB_SUBMITTED, JOB_PROGRESSING, JOB_COMPLETE, JOB_CANCELED, JOB_ERROR };
enum { JOB_STATUSES = JOB_ERROR + 1 };

/* CurrentPhase of a job in PROGRESSING. */
enum job_phase { PHASE_PROBING, PHASE_TRANSCODING, PHASE_UPLOADING };

/* "SUBMITTED" …, as on the wire. */
extern const char *const job_status_names[JOB_STATUSES];
extern const char *const job_phase_names[PHASE_UPLOADING + 1];

bool job_status_may_follow(enum job_status from, enum job_status to);
bool job_status_is_final(enum job_status status);

#endif
