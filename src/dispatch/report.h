/* SPDX-License-Identifier: Apache-2.0 */
/* What a job made, in the words of MediaConvert's COMPLETE event, from a plan and a run's result.
 */
#ifndef DISPATCH_REPORT_H
#define DISPATCH_REPORT_H

#include "base/arena.h"
#include "dispatch/worker.h"
#include "plan/plan.h"
#include "run/run.h"

/* Groups and outputs as planned, with the plan's infos; nothing made yet. */
struct report *report_new(struct arena *arena, const struct plan *plan);

/* Copies everything out of `result`. */
void report_fill(struct report *report, struct arena *arena, const struct plan *plan,
                 const struct run_result *result);

/* One more info. Copied. */
void report_add_info(struct report *report, struct arena *arena, const char *info);

#endif
