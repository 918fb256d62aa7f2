/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means: done, again, or which error. */
#ifndef S3_FAILURE_H
#define S3_FAILURE_H

#include "s3/client.h"

enum verdict {
    VERDICT_DONE,
    VERDICT_AGAIN,  /* after a pause; err says what will have been the matter if it was in vain */
    VERDICT_SKEWED, /* the server's clock is another: once more, by that one */
    VERDICT_REDIRECTED,
    VERDICT_REGION, /* once more, signed for answer->region */
    VERDICT_FAILED, /* err says why */
};

/* Looks at what came of sending `request`; fills *answer but for its text, which it reads. */
enum verdict failure_judge(const struct request *request, const struct http *http,
                           enum http_outcome outcome, const struct http_response *response,
                           struct answer *answer, struct error *err);

/* A header that is a date, since 1970; -1 if there is none, or none that a clock could show. */
int64_t failure_date_us(const struct http *http, const char *name);

#endif
