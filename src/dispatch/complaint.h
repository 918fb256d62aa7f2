/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DISPATCH_COMPLAINT_H
#define DISPATCH_COMPLAINT_H

#include "base/error.h"
#include "base/log.h"

/* Writes into the log, which may be NULL, what could not be done for the job, and why. */
void complain(const struct log *log, const char *id, const char *what, const struct error *err);

#endif
