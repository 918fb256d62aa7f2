/* SPDX-License-Identifier: Apache-2.0 */
/* CreateJob for those below http/: the operation itself, called without a socket. */
#ifndef HTTP_SUBMITTER_H
#define HTTP_SUBMITTER_H

#include "batch/batch.h"
#include "http/service.h"

struct submitting {
    struct submitter submitter;
    struct service *service;
};

/* `service` must outlive it. */
void submitting_init(struct submitting *submitting, struct service *service);

#endif
