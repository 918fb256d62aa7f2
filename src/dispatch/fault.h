/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures on demand, so that those who use the server can test what they do about them. A job asks
 * for its own in its UserMetadata:
 *
 *   mediaconvert-local.fail    "1404"       the job ends in ERROR with this ErrorCode and its title
 *   mediaconvert-local.crash   "SIGSEGV"    its process is killed by this signal: ERROR, 1999
 *   mediaconvert-local.delay   "2.5"        seconds that pass before that, or before it goes on
 *   mediaconvert-local.phase   "UPLOADING"  in which phase; by default PROBING, before the input is
 *                                           opened
 *
 * In UPLOADING every object is complete, and none of those that a folder holds back is visible.
 */
#ifndef DISPATCH_FAULT_H
#define DISPATCH_FAULT_H

#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/json.h"
#include "status/state.h"

struct fault {
    enum job_phase phase;
    int64_t delay_us;
    int signal; /* 0: none */
    int code;   /* 0: none */
};

/* `metadata` is the job's userMetadata; or NULL. ERROR_SETTINGS: a key or value that is none. */
int fault_read(const struct json *metadata, struct fault *ret, struct error *err) MUST_CHECK;

/* To be called in every phase. -1 with the ErrorCode that was asked for, or ERROR_CANCELED. */
int fault_happen(const struct fault *fault, enum job_phase phase, struct cancel *cancel,
                 struct error *err) MUST_CHECK;

#endif
