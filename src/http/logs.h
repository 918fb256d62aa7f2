/* SPDX-License-Identifier: Apache-2.0 */
/* CloudWatch Logs, as far as what functions have printed is read with it. There are no other groups
 * than theirs. */
#ifndef HTTP_LOGS_H
#define HTTP_LOGS_H

#include "http/action.h"

/* What POST / does for this service. */
extern const struct action logs_actions[];

operation logs_describe_log_groups, logs_describe_log_streams, logs_filter_log_events,
    logs_get_log_events, logs_create_log_group, logs_delete_log_group;

#endif
