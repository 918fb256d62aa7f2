/* SPDX-License-Identifier: Apache-2.0 */
/* What an input is, in the words of MediaConvert's INPUT_INFORMATION event. */
#ifndef DISPATCH_INPUT_H
#define DISPATCH_INPUT_H

#include "plan/probe.h"

struct cJSON;

/* inputDetails: an array of the one input; the caller's to delete. */
struct cJSON *input_details(const struct probe *probe);

#endif
