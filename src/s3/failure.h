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
    VERDICT_FAILED, /* err says why */
};

/* Looks at what came of sending `request`; fills *answer but for its text, which it reads. */
enum verdict failure_judge(const struct request *request, const struct http *http,
                           enum http_outcome outcome, const struct http_response *response,
                           struct answer *answer, struct error *err);

#endif
