/* SPDX-License-Identifier: Apache-2.0 */
/* Where the other program is: mediaconvert-local-media, which opens media. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <limits.h>

#include "base/error.h"

/* Writes the path of ../libexec/mediaconvert-local-media, seen from this program's file. */
int program_media_path(char path[PATH_MAX], struct error *err) MUST_CHECK;

#endif
