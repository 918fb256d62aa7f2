/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that dead workers have left, and how they go.
 *
 * They are on record in status/ until they are really removed. Once at the start the caller removes
 * what can be; what cannot, because the store does not answer or refuses, is tried again by a
 * thread, after seconds at first and then less and less often. No job waits for that, but for one
 * that wants to make an object just while it is being removed.
 */
#ifndef DISPATCH_STRAYS_H
#define DISPATCH_STRAYS_H

#include "base/cancel.h"
#include "base/error.h"
#include "base/log.h"
#include "s3/storage.h"
#include "status/jobs.h"

struct strays;

/* What is given must outlive it; `log` may be NULL. */
struct strays *strays_new(struct status *status, struct storage *storage, const struct log *log);

/* Removes, in this thread, all that can be. A store that does not answer is not asked any more. */
void strays_remove(struct strays *strays);

/* Starts the thread. */
int strays_start(struct strays *strays, struct error *err) MUST_CHECK;

/* There are new ones: looks in a few seconds. */
void strays_look_soon(struct strays *strays);

/* Makes strays_remove() and the thread end soon. */
void strays_stop(struct strays *strays);

/* Waits for the thread. Accepts NULL. */
void strays_free(struct strays **strays);

/* Removes the objects of one record, the last one first, and takes it from the records; where they
 * do not all go, because `cancel` says so, too, it stays. Returns the first failure. */
int stray_objects_remove(struct status *status, struct storage *storage,
                         const struct stray_objects *stray, struct cancel *cancel,
                         struct error *err) MUST_CHECK;

#endif
