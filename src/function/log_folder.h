/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUNCTION_LOG_FOLDER_H
#define FUNCTION_LOG_FOLDER_H

#include <limits.h>

#include "function/logs.h"

/* Where a group's files are. ERROR_NOT_FOUND: no group can be called so. */
int log_folder(const struct logs *logs, const char *group, char path[PATH_MAX],
               struct error *err) MUST_CHECK;

#endif
