/* SPDX-License-Identifier: Apache-2.0 */
/* What the server tells about itself: /healthz, /metrics, /events. */
#ifndef HTTP_HEALTH_H
#define HTTP_HEALTH_H

#include "http/route.h"

operation health_healthz, health_metrics, health_events;

#endif
