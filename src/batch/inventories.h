/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever writes the reports that inventory configurations ask for: one thread, one report at a
 * time, whichever is due first. status/inventories.h says which; a report is due when its
 * configuration is put, and then every day or week. One that fails is logged, and due again a
 * period later, or when the configuration is put again. A report that a killed process was writing
 * is due at the next start.
 */
#ifndef BATCH_INVENTORIES_H
#define BATCH_INVENTORIES_H

#include "base/log.h"
#include "s3/storage.h"
#include "status/inventories.h"

struct inventories;

/* All must outlive it. */
int inventories_start(struct inventories **ret, struct status *status, struct storage *storage,
                      const struct log *log, struct error *err) MUST_CHECK;

/* There is something new in status/. */
void inventories_wake(struct inventories *inventories);

/* Abandons a report under way, which will be due again. Accepts NULL. */
void inventories_free(struct inventories **inventories);

#endif
