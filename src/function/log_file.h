/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a group's log: its name, and the events in it. See logs.h for how they look. */
#ifndef FUNCTION_LOG_FILE_H
#define FUNCTION_LOG_FILE_H

#include <sys/types.h>

#include "base/text.h"
#include "function/logs.h"

enum {
    LOG_FILE_NAME_SIZE = 16,
    LOG_FILE_NUMBER_MAX = 99999999,
};

/* "00000001.log"; returns out. */
char *log_file_name(int number, char out[LOG_FILE_NAME_SIZE]);

/* The numbers of a folder's files, sorted. *ret is to be freed. ERROR_NOT_FOUND: no such folder. */
int log_file_list(const char *folder, int **ret, int *ret_count, struct error *err) MUST_CHECK;

/* An event as it is written. */
void log_file_add(struct text *out, const struct log_event *event);

/* Reads the event at `at`, whose strings point into `text`, which is changed for that. `position`
 * becomes where it ends in the text. False: there is no whole one. */
bool log_file_event(char *text, size_t size, size_t at, struct log_event *ret);

/* How many bytes of the file are whole events. */
int log_file_whole(int fd, int64_t *ret, struct error *err) MUST_CHECK;

/* All of a file from `offset` on; empty if it is not there or shorter. */
int log_file_read(const char *folder, int number, int64_t offset, struct text *out,
                  struct error *err) MUST_CHECK;

#endif
