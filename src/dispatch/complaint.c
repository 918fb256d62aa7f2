/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/complaint.h"

#include <stddef.h>

void complain(const struct log *log, const char *id, const char *what, const struct error *err)
{
    char why[1024];
    if (log)
        log_line(log, LOG_LEVEL_ERROR, "dispatch", "job", id, "what", what, "why",
                 error_text(err, why, sizeof(why)), NULL);
}
