/* SPDX-License-Identifier: Apache-2.0 */
/* Want of memory, as FFmpeg's libraries and what is below them show it. */
#ifndef PLAN_MEMORY_H
#define PLAN_MEMORY_H

#include <stddef.h>

#include "base/error.h"

enum { MEMORY_OF_THREAD = 16 << 20 }; /* more than its stack */

/* Why a call has failed that returned `r`: AVERROR(ENOMEM) also where libx264 says nothing, or a
 * thread could not be started, and so many bytes are not to be had; else `r`. */
int memory_reason(int r, size_t bytes);

/* ERROR_UNKNOWN for want of memory, which no setting and no input is to blame for; else `kind`. */
enum error_kind memory_kind(int r, enum error_kind kind);

#endif
