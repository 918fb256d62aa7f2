/* SPDX-License-Identifier: Apache-2.0 */
/* Which attempts may have left objects. */
#ifndef STATUS_OBJECTS_H
#define STATUS_OBJECTS_H

#include "status/store.h"

/* The attempt has completed: its objects are there to stay, whoever else has named them. */
int objects_made(struct transaction *t, const char *id, int attempt, struct error *err) MUST_CHECK;

#endif
